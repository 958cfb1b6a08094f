"""How it is measured: subjects take turns, each in a backend of its own."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from cluster import Cluster
from messages import MARKETPLACE, Message, messages
from peer import Worker
from tables import PAGES, table, with_tables

ROOT = Path(__file__).resolve().parent.parent
SIZES = (3, 8, 20)  # offers
BATCH = 10
ROUND = 200  # messages
# Of a small managed server; the last tells when a row became visible.
SETTINGS = ("shared_buffers = '1GB'", "max_wal_size = '4GB'", "track_commit_timestamp = on")
# The relay's own statements.
LIMITS = """
select set_config('statement_timeout', '60000', true), set_config('lock_timeout', '60000', true),
  set_config('synchronous_commit', 'on', true)
"""
INGEST = "select * from ingest_notification(%b::text[], %b::text[])"

FLOOR_TABLE = """
create table floor (
  like worker_notifications including defaults including indexes including compression
)
"""
# The other indexed columns hold what ingest finds out; here the client knows it.
FLOOR = """
insert into floor (
  message_id, dedupe_hash, raw_notification, asin, event_time, marketplace, item_condition
)
select
  m.message_id, encode(sha256(convert_to(m.body, 'UTF8')), 'hex'), m.body::jsonb,
  m.asin, m.event_time, m.marketplace, m.item_condition
from unnest(
  %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::text[], %b::text[]
) as m (message_id, body, asin, event_time, marketplace, item_condition)
"""


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
        return min(number, max(3, number // 20)) if self.quick else number

    def database(self) -> str:
        """The URL of a new migrated database without active alert rules.

        The random offers change hands at every message, as no item's do: what is measured would be
        alerts.
        """
        url = self.cluster.create_database(migrated=True)
        self.cluster.sql("update alert_rules set active = false", url)
        return url

    def publish(self, part: str, figures: Any) -> None:
        """Prints a part's table; unless it was a quick look, writes bench/results/<part>.json, and
        the table where it stands in PAGES."""
        print(f"\n{part}\n\n{table(part, figures)}", flush=True)
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
        for page in PAGES:
            page.write_text(with_tables(page.read_text()))


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


def ingest(db: psycopg.Connection, batch: list[Message]) -> list[Any]:
    """Sends a batch as the relay does: one round trip, one transaction."""
    with db.pipeline():
        db.execute(LIMITS)
        cursor = db.execute(INGEST, [[m.message_id for m in batch], [m.body for m in batch]])
    return cursor.fetchall()


def rounds_of(offers: int, count: int = ROUND) -> Callable[[], list[Message]]:
    """A source of new messages for a Subject."""
    stream = messages(offers)
    return lambda: list(islice(stream, count))


def batches(batch: list[Message]) -> Iterator[list[Message]]:
    for first in range(0, len(batch), BATCH):
        yield batch[first : first + BATCH]


@dataclass
class Subject:
    """Something to measure. `send` takes a batch and the connection; `source` makes the messages of
    a round. The rest are microseconds a message, a value a round: the client's wait, the processor
    time of the connection's backend, and the client's own."""

    name: str
    db: psycopg.Connection
    source: Callable[[], list[Message]]
    send: Callable[[psycopg.Connection, list[Message]], object] = ingest
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)

    def run(self, *, keep: bool) -> None:
        """Does one round, and keeps its figures."""
        messages = self.source()
        before = self._clocks()
        for batch in batches(messages):
            self.send(self.db, batch)
        after = self._clocks()
        if keep:
            for figures, one, other in zip(self._figures, before, after, strict=True):
                figures.append((other - one) / len(messages) * 1e6)

    @property
    def _figures(self) -> tuple[list[float], ...]:
        return self.wall, self.cpu, self.client

    def _clocks(self) -> tuple[float, ...]:
        # Of a process of one thread, to the nanosecond.
        used = Path(f"/proc/{self.db.info.backend_pid}/schedstat").read_text().split()[0]
        return time.perf_counter(), int(used) / 1e9, time.thread_time()

    def figures(self) -> dict[str, Any]:
        names = ("wall_us", "cpu_us", "client_cpu_us")
        return {"name": self.name} | dict(zip(names, map(rounded, self._figures), strict=True))


def insert_bare(db: psycopg.Connection, batch: list[Message]) -> None:
    """Inserts a batch into FLOOR_TABLE, one commit."""
    rows = [(m.message_id, m.body, m.asin, m.event_time, MARKETPLACE, "new") for m in batch]
    db.execute(FLOOR, [list(column) for column in zip(*rows, strict=True)])


def bare_insert(url: str, offers: int, count: int = ROUND) -> Subject:
    """Inserts messages into a table of its own."""
    db = connect(url)
    db.execute(FLOOR_TABLE)
    return Subject("bare insert", db, rounds_of(offers, count), insert_bare)


def peer(url: str, offers: int, count: int = ROUND) -> Subject:
    """The peer, on a connection as psycopg makes it."""
    worker = Worker(db := psycopg.connect(url, autocommit=True))
    return Subject(
        "peer",
        db,
        rounds_of(offers, count),
        lambda _, batch: worker.store([(m.message_id, m.body) for m in batch]),
    )


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


def rounded(values: list[float]) -> list[float]:
    return [round(value, 1) for value in values]


def progress(text: str) -> None:
    """A line that is overwritten on a terminal and left out elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
