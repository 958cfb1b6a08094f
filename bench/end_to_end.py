"""relay.py as a process between a queue and the database, beside the peer, and beside a loop that
only receives and deletes. The queue is the tests' SQS in memory: it stands in this process.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from statistics import median, quantiles
from subprocess import DEVNULL, Popen

import psutil
import psycopg
from cluster import free_port
from measure import ROOT, Bench, connect, progress, ratio
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


@dataclass
class Drained:
    """Of one drain: messages a second, and processor microseconds a message."""

    per_second: float
    process: float
    postgres: float

    @property
    def together(self) -> float:
        return self.process + self.postgres


def drain(bench: Bench, name: str, count: int) -> Drained:
    """Has one of CONSUMERS drain so many messages; the first tenth, its start, does not count."""
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
    return Drained(begun / wall, process / begun * 1e6, postgres / begun * 1e6)


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


def relay(bench: Bench) -> None:
    """How fast each drains a full queue and what that costs, and how soon a message is seen."""
    count = 2000 if bench.quick else 6000
    drains: dict[str, list[Drained]] = {name: [] for name in CONSUMERS}
    for number in range(bench.some(5)):
        for name in CONSUMERS if number % 2 else reversed(CONSUMERS):
            progress(f"drain {number + 1}, {name}")
            drains[name].append(drain(bench, name, count))

    def column(name: str, figure: str) -> list[float]:
        return [getattr(each, figure) for each in drains[name]]

    rows = [
        [
            name,
            round(median(column(name, "per_second"))),
            f"{ratio(column(name, 'per_second'), column('peer', 'per_second')):.2f}",
            round(median(column(name, "process"))),
            f"{ratio(column(name, 'process'), column('bare loop', 'process')):.2f}",
            round(median(column(name, "postgres"))),
            round(median(column(name, "together"))),
            f"{ratio(column(name, 'together'), column('peer', 'together')):.2f}",
        ]
        for name in CONSUMERS
    ]
    head = ["", "messages/s", "to the peer", "its own CPU µs", "to the bare loop"]
    head += ["Postgres' CPU µs", "together", "to the peer"]
    progress("")
    bench.show(f"Draining a queue, {OFFERS} offers", head, rows)

    waits = {
        name: latency(bench, name, bench.some(20)) for name in CONSUMERS if name != "bare loop"
    }
    progress("")
    cuts = {name: quantiles(each, n=100) for name, each in waits.items()}
    steady = [[name, f"{each[49]:.1f}", f"{each[98]:.1f}"] for name, each in cuts.items()]
    head = ["", "p50 ms", "p99 ms"]
    bench.show(f"At {RATE} messages a second: from sent to current_state", head, steady)
    bench.save(
        "relay",
        {
            "drained": {name: [vars(d) for d in runs] for name, runs in drains.items()},
            "waits_ms": {name: [round(w, 2) for w in each] for name, each in waits.items()},
        },
    )
