"""relay.py as a process between a queue and the database.

How fast it drains a full queue, and how soon a message is in current_state at a steady rate: with
the tests' SQS in memory, which is no bottleneck and stands in this process, and with moto, which is
one.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from statistics import quantiles
from typing import Any

import boto3
import psutil
import psycopg
from botocore.exceptions import EndpointConnectionError
from cluster import free_port
from measure import Bench, connect, progress, show
from messages import messages
from relays import RelayProcess
from sqs_stand_in import StandIn

OFFERS = 8
POLLERS = (1, 2, 4, 8)
RATE = 100  # messages a second
DEFAULTS = {"WAIT_TIME": 20, "POLL_INTERVAL": 1000}  # the relay's own; RelayProcess has the tests'
AWS = {
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


@dataclass
class Queue:
    """A new queue: how to send bodies to it, the settings of a relay that uses it, its process."""

    send: Callable[..., object]
    settings: dict[str, object]
    process: psutil.Process


@contextmanager
def in_memory() -> Iterator[Queue]:
    with StandIn().running() as sqs:
        yield Queue(sqs.send, sqs.settings, psutil.Process())


@contextmanager
def moto() -> Iterator[Queue]:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            endpoint = f"http://127.0.0.1:{port}"
            client = boto3.client("sqs", endpoint_url=endpoint)
            url = create_queue(client)

            def send(*bodies: str) -> None:
                for first in range(0, len(bodies), 10):
                    some = enumerate(bodies[first : first + 10])
                    entries = [{"Id": str(number), "MessageBody": body} for number, body in some]
                    client.send_message_batch(QueueUrl=url, Entries=entries)

            settings = {"SQS_QUEUE_URL": url, "AWS_ENDPOINT_URL_SQS": endpoint}
            yield Queue(send, settings, psutil.Process(server.pid))
        finally:
            server.terminate()


def create_queue(client: Any) -> str:
    """The URL of a new queue, as soon as the server answers; within half a minute."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return str(client.create_queue(QueueName="bench")["QueueUrl"])
        except EndpointConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def wait_for(db: psycopg.Connection, count: int) -> None:
    """Waits until so many messages are stored. Raises TimeoutError after five minutes."""
    deadline = time.monotonic() + 300
    stored = 0
    while stored < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{stored} of {count} messages are stored")
        time.sleep(0.05)
        (stored,) = db.execute("select count(*) from worker_notifications").fetchone() or (0,)
        progress(f"{stored:,} of {count:,} stored")


def cpu_seconds(db: psycopg.Connection, relay: RelayProcess, queue: Queue) -> dict[str, float]:
    """The processor time that the relay, Postgres and the queue have had so far."""
    postmaster = psutil.Process(db.info.backend_pid).parent()
    assert postmaster
    in_postgres = 0.0
    for process in [postmaster, *postmaster.children()]:
        with suppress(psutil.NoSuchProcess):  # an autovacuum worker may end
            in_postgres += sum(process.cpu_times()[:2])
    return {
        "relay": sum(psutil.Process(relay.process.pid).cpu_times()[:2]),
        "Postgres": in_postgres,
        "queue": sum(queue.process.cpu_times()[:2]),
    }


def drain(bench: Bench, queue: Queue, pollers: int, count: int) -> dict[str, Any]:
    """Has the relay drain so many messages: a second, from the first commit to the last; and
    processor seconds per 1,000, of the last nine tenths, without the relay's start."""
    url = bench.database()
    queue.send(*(message.body for message in islice(messages(OFFERS), count)))
    settings = DEFAULTS | queue.settings | {"DATABASE_URL": url, "CONCURRENCY": pollers}
    with connect(url) as db, RelayProcess(**settings) as relay:
        wait_for(db, count // 10)
        (begun,) = db.execute("select count(*) from worker_notifications").fetchone() or (0,)
        before = cpu_seconds(db, relay, queue)
        wait_for(db, count)
        after = cpu_seconds(db, relay, queue)
        commits = [at for _, at in db.execute(COMMITTED).fetchall()]
    return {
        "per_second": round(count / (max(commits) - min(commits))),
        "cpu_s": {
            who: round((after[who] - before[who]) / (count - begun) * 1000, 2) for who in after
        },
    }


def latency(bench: Bench, queue: Queue, pollers: int, seconds: float) -> dict[str, Any]:
    """Sends at RATE: milliseconds from each send to the commit that current_state shows it by."""
    url = bench.database()
    sent: dict[str, float] = {}
    settings = DEFAULTS | queue.settings | {"DATABASE_URL": url, "CONCURRENCY": pollers}
    with connect(url) as db, RelayProcess(**settings) as relay:
        while not relay.is_healthy():
            if relay.process.poll() is not None:
                raise RuntimeError(f"the relay ended: {relay.stderr}")
            time.sleep(0.02)
        before = cpu_seconds(db, relay, queue)
        started = time.monotonic()
        for number, message in enumerate(islice(messages(OFFERS, seed=2), round(seconds * RATE))):
            time.sleep(max(0, started + number / RATE - time.monotonic()))
            sent[hashlib.sha256(message.body.encode()).hexdigest()] = time.time()
            queue.send(message.body)
        wait_for(db, len(sent))
        after = cpu_seconds(db, relay, queue)
        batches = relay.metric("relay_batch_seconds_count")
        in_postgres = relay.metric("relay_batch_seconds_sum") / batches * 1000
        committed = dict(db.execute(COMMITTED).fetchall())
    waits = [(committed[body] - at) * 1000 for body, at in sent.items()]
    cuts = quantiles(waits, n=100)
    return {
        "sent_per_second": round(len(sent) / (max(sent.values()) - min(sent.values())), 1),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "batch_ms": round(in_postgres, 1),
        "messages_per_batch": round(len(sent) / batches, 1),
        "relay_cores": round((after["relay"] - before["relay"]) / seconds, 2),
    }


def relay(bench: Bench) -> None:
    """Both, with each queue and number of pollers."""
    os.environ.update(AWS)
    drained: list[list[Any]] = []
    steady: list[list[Any]] = []
    figures = {}
    for kind, queues, count in (("in memory", in_memory, 8000), ("moto", moto, 300)):
        for pollers in POLLERS:
            with queues() as queue:
                d = drain(bench, queue, pollers, count)
            with queues() as queue:
                s = latency(bench, queue, pollers, bench.some(20))
            progress("")
            name = f"{kind}, {pollers}"
            drained.append(
                [name, d["per_second"], *(f"{used:.2f}" for used in d["cpu_s"].values())]
            )
            steady.append([name, *s.values()])
            figures[f"{name} pollers"] = {"drained": d, "steady": s}
    head = ["queue, pollers", "messages/s", "CPU s per 1,000: relay", "Postgres", "queue"]
    show(f"Draining a queue, {OFFERS} offers", head, drained)
    head = ["queue, pollers", "sent/s", "p50 ms", "p99 ms"]
    head += ["in Postgres, ms a batch", "messages a batch", "relay's share of a core"]
    show(f"At {RATE} messages a second: from sent to current_state", head, steady)
    bench.save("relay", figures)
