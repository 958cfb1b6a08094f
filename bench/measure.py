"""How it is measured: subjects take turns, each in a backend of its own."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from cluster import Cluster
from messages import Message
from psycopg.rows import DictRow, dict_row

import relay

ROOT = Path(__file__).resolve().parent.parent
SIZES = (3, 8, 20)  # offers
BATCH = 10
# Of a small managed server; the last tells when a row became visible.
SETTINGS = ("shared_buffers = '1GB'", "max_wal_size = '4GB'", "track_commit_timestamp = on")
LIMITS = ["60000", "60000"]  # relay.SETTINGS' timeouts in ms, with room for a busy machine


class Bench:
    """A throwaway server that flushes to disk, and what a run was asked for."""

    def __init__(self, postgres: str, *, quick: bool) -> None:
        self.quick = quick
        self.cluster = Cluster(postgres, durable=True)
        for setting in SETTINGS:
            self.cluster.sql(f"alter system set {setting}")
        self.cluster.stop()
        self.cluster.start()

    def some(self, number: int) -> int:
        """So many rounds or messages; few where a quick look will do."""
        return min(number, max(2, number // 20)) if self.quick else number

    def database(self) -> str:
        """The URL of a new migrated database."""
        return self.cluster.create_database(migrated=True)

    def save(self, part: str, figures: Any) -> None:
        """Writes bench/results/<part>.json, unless it was a quick look."""
        if self.quick:
            return
        whole = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": output("git", "describe", "--always", "--dirty"),
            "machine": f"{os.cpu_count()} cores of {processor()}",
            "postgres": self.cluster.sql("show server_version").split()[0],
            "python": platform.python_version(),
            "settings": SETTINGS,
            "figures": figures,
        }
        path = ROOT / "bench" / "results" / f"{part}.json"
        path.write_text(json.dumps(whole) + "\n")


def output(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except OSError:
        return "?"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "?")


def connect(url: str) -> psycopg.Connection:
    """A connection like the relay's."""
    return psycopg.connect(url, autocommit=True, prepare_threshold=None)


def ingest(db: psycopg.Connection, batch: list[Message]) -> list[DictRow]:
    """Sends a batch as the relay does: one round trip, one transaction."""
    cursor = db.cursor(row_factory=dict_row)
    with db.pipeline():
        db.execute(relay.SETTINGS, LIMITS)
        cursor.execute(relay.INGEST, [[m.message_id for m in batch], [m.body for m in batch]])
    return cursor.fetchall()


@dataclass
class Subject:
    """Something to measure. `send` takes a batch and the connection; `source` makes the messages of
    a round. wall and cpu (of the connection's backend) are microseconds a message, a value a round.
    """

    name: str
    db: psycopg.Connection
    source: Callable[[], list[Message]]
    send: Callable[[psycopg.Connection, list[Message]], object] = ingest
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, *, keep: bool) -> None:
        """Does one round, and keeps its figures."""
        messages = self.source()
        batches = [messages[i : i + BATCH] for i in range(0, len(messages), BATCH)]
        pid = self.db.info.backend_pid
        cpu, wall = cpu_seconds(pid), time.perf_counter()
        for batch in batches:
            self.send(self.db, batch)
        if keep:
            self.wall.append((time.perf_counter() - wall) / len(messages) * 1e6)
            self.cpu.append((cpu_seconds(pid) - cpu) / len(messages) * 1e6)

    def figures(self) -> dict[str, Any]:
        return {"name": self.name, "wall_us": rounded(self.wall), "cpu_us": rounded(self.cpu)}


def cpu_seconds(pid: int) -> float:
    """The processor time that a process of one thread has had, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def alternate(subjects: list[Subject], rounds: int, what: str) -> None:
    """Measures the subjects in turn, so that what else the machine does meets all of them alike."""
    warm_up = 2
    for number in range(rounds + warm_up):
        progress(f"{what}: round {number + 1} of {rounds + warm_up}")
        # There and back: nobody always follows the same one.
        for subject in subjects if number % 2 else reversed(subjects):
            subject.run(keep=number >= warm_up)
    progress("")
    for subject in subjects:
        failed = subject.db.execute("select count(*) from worker_failures").fetchone()
        if failed != (0,):
            raise RuntimeError(f"{subject.name}: messages failed, so the figures mean nothing")


def ratio(one: list[float], other: list[float]) -> float:
    """The median of one/other by round: each compares what ran next to each other."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def per_second(microseconds: list[float]) -> int:
    return round(1e6 / statistics.median(microseconds))


def rounded(values: list[float]) -> list[float]:
    return [round(value, 1) for value in values]


def progress(text: str) -> None:
    """A line that is overwritten on a terminal and left out elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def show(title: str, head: list[str], rows: list[list[Any]]) -> None:
    """Prints a Markdown table under a title."""
    texts = [head] + [[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows]
    print(f"\n{title}\n")
    for number, row in enumerate(texts):
        print(f"| {' | '.join(row)} |")
        if number == 0:
            print("|" + " --- |" + " ---: |" * (len(head) - 1), flush=True)
