"""The page as a process: its address, exit status and signals, and a browser that looks at it."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import NamedTuple

from cluster import free_port
from playwright.sync_api import Browser, expect, sync_playwright
from system import BROWSERS

ROOT = Path(__file__).resolve().parents[2]
# Without these it calls home at every start, which a closed network answers with delays; and as
# root it has no sandbox.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


class Answer(NamedTuple):
    status: int
    headers: Message
    text: str


class PageProcess:
    """A running board.py (or another command) with these settings, ended with `with`."""

    def __init__(self, *command: str | Path, **settings: object) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "PATH", "TMPDIR")}
        given = {name: str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, *(command or ("board.py",))],
            cwd=ROOT,
            env=kept | {"PAGE_PORT": str(self.port)} | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "PageProcess":
        assert self.process.stdout
        self.first_line = self.process.stdout.readline()  # once it can be asked
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate()

    def end(self, timeout: float = 5) -> int:
        """Sends SIGTERM and returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The answer to a request, whatever its status."""
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        try:
            response = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Answer(response.status, response.headers, response.read().decode())


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The system's browser, without a window."""
    expect.set_options(timeout=30_000)  # how long is no verdict
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, BROWSERS)))
        with playwright.chromium.launch(executable_path=program, args=QUIET) as browser:
            yield browser
