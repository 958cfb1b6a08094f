"""make demo, as a newcomer meets it: the real script, in a directory of its own."""

import json
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from cluster import free_port

ROOT = Path(__file__).resolve().parents[2]
SEVERITIES = ["critical", "high", "warning", "info", "success"]
WaitUntil = Callable[..., Any]
soak = partial(pytest.param, marks=pytest.mark.soak)


class Demo:
    """A run of demo.py that remembers every process it started."""

    def __init__(self, directory: Path, wait_until: WaitUntil, *arguments: str) -> None:
        self.wait_until = wait_until
        self.children: set[psutil.Process] = set()
        self._server = directory / "server" / "postmaster.pid"
        self._output = directory / "output"
        command = [sys.executable, "demo/demo.py", "--dir", str(directory), *arguments]
        with self._output.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def child(self, program: str) -> psutil.Process | None:
        """The running child with this in its command line, if there is one."""
        found = None
        for child in self._note_children():
            try:
                if child.name() == program or program in child.cmdline():
                    found = child
            except psutil.Error:  # it has ended by now
                continue
        return found

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        self.wait_until(self._ended, timeout=240, what="the demo to end")
        return int(self.process.returncode)

    def _ended(self) -> bool:
        self._note_children()
        return self.process.poll() is not None

    def _note_children(self) -> list[psutil.Process]:
        try:
            now: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
            if self._server.exists():  # its parent has ended
                pid = self._server.read_text().split()[0].lstrip("-")  # - while it is made
                now.append(psutil.Process(int(pid)))
        except (psutil.NoSuchProcess, OSError, IndexError):
            return []
        self.children.update(now)
        return now

    @property
    def left_running(self) -> list[psutil.Process]:
        running = [child for child in self.children if child.is_running()]
        return [child for child in running if child.status() != psutil.STATUS_ZOMBIE]

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")


@pytest.fixture
def start_demo(tmp_path: Path, wait_until: WaitUntil) -> Iterator[Callable[..., Demo]]:
    """Starts the demo in the test's directory; ends what the test left."""
    demos: list[Demo] = []

    def start(*arguments: str) -> Demo:
        demos.append(Demo(tmp_path, wait_until, *arguments))
        return demos[-1]

    yield start
    for demo in demos:
        demo.process.terminate()
        demo.process.wait()
    shutil.rmtree((tmp_path / "server").resolve(), ignore_errors=True)  # as root it lies elsewhere


def count(output: str, outcome: str) -> int:
    found = re.search(rf"^{outcome} +(\d+) ", output, re.MULTILINE)
    assert found, output
    return int(found[1])


def items_of(page: str) -> list[Any]:
    with urllib.request.urlopen(f"{page}panel/page_items.json", timeout=30) as response:
        items: list[Any] = json.load(response)
    return items


def test_it_shows_a_seller_the_state(start_demo: Callable[..., Demo]) -> None:
    sent = runpy.run_path("demo/stream.py")["Market"](datetime.now(UTC)).six_hours()
    demo = start_demo()
    assert demo.wait() == 0, demo.output
    assert len(demo.children) > 2  # a server, a migration, a relay: or this would watch nothing
    assert not demo.left_running
    output = demo.output
    assert "\x1b" not in output
    assert "\r" not in output
    assert max(map(len, output.splitlines())) <= 80

    shown = re.findall(rf"^({'|'.join(SEVERITIES)}) ", output, re.MULTILINE)
    assert list(dict.fromkeys(shown)) == SEVERITIES  # each is there, the worst first

    names = ("processed", "stale", "duplicate", "failed")
    outcomes = {name: count(output, name) for name in names}
    assert sum(outcomes.values()) == len(sent.bodies)
    assert outcomes["duplicate"] == sent.duplicates
    assert outcomes["failed"] == sent.broken
    assert outcomes["stale"] > 0
    assert f"Why {sent.broken} messages failed" in output
    assert f"{sent.broken} messages in the dead-letter queue" in output

    alerts = re.search(r"^(\d+) alerts were sent\n(.+?)^\d+ more ", output, re.M | re.S)
    assert alerts, output
    assert int(alerts[1]) == alerts[2].count("(B0DEMO") > 0
    webhook = re.search(r"^What a webhook gets of one\n(.+?)\n\n", output, re.M | re.S)
    assert webhook, output
    payload = json.loads(" ".join(webhook[1].split()))
    assert payload["type"] == "alert"
    (alert,) = payload["data"]["alerts"]
    assert alert["headline"] in " ".join(alerts[2].split())

    # make psql opens the database that it left
    query = "select count(*) || ' of ' || current_user from current_state"
    psql = start_demo("--psql", "-XAtc", query)
    assert psql.wait() == 0, psql.output
    assert psql.output == f"{len(shown)} of seller\n"
    assert not psql.left_running


def test_make_up_goes_on_with_what_comes_until_it_is_ended(
    start_demo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGE_PORT", str(free_port()))
    up = start_demo("--up")
    up.wait_until(lambda: "An event every" in up.output, timeout=120, what="all to run")
    (url,) = re.findall(r"^postgresql://ui:.*", up.output, re.MULTILINE)
    with psycopg.connect(url, autocommit=True) as ui:
        newest = "select max(event_time) from current_state"
        before = ui.execute(newest).fetchone()
        up.wait_until(lambda: ui.execute(newest).fetchone() != before, what="an event")
    (page,) = re.findall(r"^http://.*", up.output, re.MULTILINE)
    items = {item["asin"] for item in items_of(page)}
    assert items
    up.process.send_signal(signal.SIGINT)
    assert up.wait() == 0, up.output
    assert not up.left_running

    # make page shows what it left
    board = start_demo("--page")
    board.wait_until(lambda: "http://" in board.output, timeout=60, what="the page")
    page = board.output.split()[-1]
    assert {item["asin"] for item in items_of(page)} == items

    # beside which make psql changes what it shows
    psql = start_demo("--psql", "-qXAtc", "delete from current_state returning 1")
    assert psql.wait() == 0, psql.output
    assert items_of(page) == []
    board.process.terminate()
    assert board.wait() == 0, board.output
    assert board.children
    assert not board.left_running


def test_make_up_tells_of_a_taken_port_before_what_takes_its_time(
    start_demo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PAGE_PORT", str(taken.getsockname()[1]))
        up = start_demo("--up")
        assert up.wait() == 1, up.output
    assert "PAGE_PORT" in up.output
    assert "Relaying" not in up.output
    assert not up.left_running


@pytest.mark.parametrize(
    ("victim", "how", "status", "says"),
    [
        ("demo.py", signal.SIGINT, 130, "interrupted"),
        soak("demo.py", signal.SIGTERM, 143, "interrupted"),
        soak("relay.py", signal.SIGKILL, 1, "relay.log"),
        soak("alerter.py", signal.SIGKILL, 1, "alerter.log"),
        soak("postgres", signal.SIGQUIT, 1, "/logs/"),
    ],
)
def test_an_end_midway_says_so_and_leaves_nothing_running(
    start_demo: Callable[..., Demo], victim: str, how: signal.Signals, status: int, says: str
) -> None:
    demo = start_demo()
    demo.wait_until(lambda: demo.child("relay.py"), timeout=60, what="the relay to start")
    target = demo.process if victim == "demo.py" else demo.child(victim)
    assert target is not None
    target.send_signal(how)
    assert demo.wait() == status, demo.output
    assert says in demo.output
    assert not demo.left_running

    psql = start_demo("--psql", "-c", "select 1")
    assert psql.wait() == 1
    assert psql.output == "demo: the last make demo did not finish: run it again\n"
