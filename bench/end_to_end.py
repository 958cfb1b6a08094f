"""relay.py as a process between a queue and the database, beside the peer, and beside a loop that
only receives and deletes. The queue is the tests' SQS in memory: it stands in this process.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from subprocess import DEVNULL, Popen
from typing import Any

import psutil
import psycopg
from cluster import free_port
from measure import ROOT, Bench, connect, progress
from messages import messages
from sqs_stand_in import StandIn

Settings = dict[str, object]

OFFERS = 8
RATE = 100  # messages a second
AWS: Settings = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
# When each message could be seen in current_state: its transaction's commit, in seconds of 1970.
COMMITTED = """
select dedupe_hash, extract(epoch from pg_xact_commit_timestamp(xmin))::float8
from worker_notifications
"""

# What is measured: its command and settings of its own.
CONSUMERS: dict[str, tuple[list[str], Settings]] = {
    "bare loop": (["bench/peer.py", "--bare"], {}),
    "peer": (["bench/peer.py"], {}),
    "relay, 1 poller": (["relay.py"], {"CONCURRENCY": 1}),
    "relay, 4 pollers": (["relay.py"], {"CONCURRENCY": 4}),
}


@contextmanager
def consumer(name: str, queue: Settings, database_url: str) -> Iterator[int]:
    """Runs one of CONSUMERS as a process, and gives its id; it is killed at the end."""
    command, settings = CONSUMERS[name]
    settings = AWS | queue | {"DATABASE_URL": database_url, "PORT": free_port()} | settings
    environment = os.environ | {key: str(value) for key, value in settings.items()}
    process = Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=DEVNULL)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def wait_until(predicate: Callable[[], bool], what: str) -> None:
    """Raises TimeoutError after five minutes."""
    deadline = time.monotonic() + 300
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.005)


def clocks(db: psycopg.Connection, pid: int) -> tuple[float, float, float]:
    """The time, and the processor time that a process and Postgres have had so far; seconds."""
    postmaster = psutil.Process(db.info.backend_pid).parent()
    assert postmaster
    in_postgres = 0.0
    for process in [postmaster, *postmaster.children()]:
        with suppress(psutil.NoSuchProcess):  # an autovacuum worker may end
            in_postgres += sum(process.cpu_times()[:2])
    return time.perf_counter(), sum(psutil.Process(pid).cpu_times()[:2]), in_postgres


def drain(bench: Bench, name: str, count: int) -> dict[str, float]:
    """Has one of CONSUMERS drain so many messages; the first tenth, its start, does not count.

    Gives messages a second, and processor microseconds a message: its own, and Postgres'.
    """
    url = bench.database()
    with StandIn().running() as sqs, connect(url) as db:
        sqs.send(*(message.body for message in islice(messages(OFFERS), count)))
        with consumer(name, sqs.settings, url) as pid:
            wait_until(lambda: sqs.size <= count * 0.9, "the first messages")
            begun, before = sqs.size, clocks(db, pid)
            wait_until(lambda: sqs.size == 0, "the last messages")
            after = clocks(db, pid)
        stored = db.execute("select count(*) from worker_notifications").fetchone()
        if stored != ((0,) if name == "bare loop" else (count,)):
            raise RuntimeError(f"{name} stored {stored} of {count} messages")
    wall, process, postgres = (b - a for a, b in zip(before, after, strict=True))
    return {
        "per_second": begun / wall,
        "process": process / begun * 1e6,
        "postgres": postgres / begun * 1e6,
    }


def latency(bench: Bench, name: str, seconds: float) -> list[float]:
    """Sends at RATE: milliseconds from each send to the commit that current_state shows it by."""
    url = bench.database()
    sent: dict[str, float] = {}
    with StandIn().running() as sqs, connect(url) as db:
        with consumer(name, sqs.settings, url):
            stream = messages(OFFERS, seed=2)
            sqs.send(next(stream).body)
            wait_until(lambda: sqs.size == 0, "the first message")
            started = time.monotonic()
            for number, message in enumerate(islice(stream, round(seconds * RATE))):
                time.sleep(max(0, started + number / RATE - time.monotonic()))
                sent[hashlib.sha256(message.body.encode()).hexdigest()] = time.time()
                sqs.send(message.body)
            wait_until(lambda: sqs.size == 0, "the last message")
        committed: dict[str, float] = dict(db.execute(COMMITTED).fetchall())
    return [(committed[body] - at) * 1000 for body, at in sent.items()]


def relay(bench: Bench) -> dict[str, dict[str, list[Any]]]:
    """How fast each drains a full queue and what that costs, and how soon a message is seen."""
    count = 2000 if bench.quick else 6000
    drained: dict[str, list[Any]] = {name: [] for name in CONSUMERS}
    for number in range(bench.some(5)):
        for name in CONSUMERS if number % 2 else reversed(CONSUMERS):
            progress(f"drain {number + 1}, {name}")
            drained[name].append(drain(bench, name, count))
    progress("")
    waits = {
        name: [round(wait, 2) for wait in latency(bench, name, bench.some(20))]
        for name in CONSUMERS
        if name != "bare loop"
    }
    return {"drained": drained, "waits_ms": waits}
