"""The relay as a process: its environment, exit status, logs, HTTP answers and signals."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cluster import free_port
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("AWS_", "HOME", "LANG", "LC_", "PATH", "TMPDIR")  # of the tests' own environment


class RelayProcess:
    """A running relay.py with these settings; what is left of it at the end of `with` is killed.

    Polls are short here unless a setting says otherwise.
    """

    script = "relay.py"

    def __init__(self, *arguments: str, **settings: object) -> None:
        self.port = free_port()
        environment = {k: v for k, v in os.environ.items() if k.startswith(KEPT)}
        environment |= {"PORT": str(self.port), "WAIT_TIME": "1", "POLL_INTERVAL": "50"}
        environment |= {name: str(value) for name, value in settings.items()}
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, self.script, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=self._out,
            stderr=self._err,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        if error:  # pytest shows it beside the failure
            print(self.stdout, self.stderr, sep="\n")
        self._out.close()
        self._err.close()

    def ended(self, timeout: float = 30) -> int:
        """Waits for its end and returns the exit status."""
        return self.process.wait(timeout)

    def stop(self, timeout: float = 30) -> int:
        """Asks it to stop as a platform does, and returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended(timeout)

    @property
    def stdout(self) -> str:
        return self._read(self._out.fileno())

    @property
    def stderr(self) -> str:
        return self._read(self._err.fileno())

    def logs(self, message: str = "") -> list[dict[str, Any]]:
        """Its complete log lines whose message starts so. Fails where a line is no JSON."""
        lines = self.stdout.split("\n")[:-1]
        return [line for line in map(json.loads, lines) if line["message"].startswith(message)]

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and text of its HTTP answer; (0, "") where nobody listens yet."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            request = urllib.request.Request(url, method=method)
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except urllib.error.URLError:
            return 0, ""

    def health(self) -> dict[str, Any]:
        """/health's answer and its HTTP status as `code`; {} where nobody listens yet."""
        code, text = self.get("/health")
        return json.loads(text) | {"code": code} if code else {}

    def is_healthy(self) -> bool:
        return self.health().get("code") == 200

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 where there is none yet."""
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return 0

    def _read(self, descriptor: int) -> str:
        # From the start and without the offset that the process writes at.
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()
