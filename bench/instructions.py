"""Instructions a message in the server process, counted by valgrind's callgrind: no noise reaches
them, so a change of one in a hundred shows. They are not time: a cache miss counts for nothing, and
hashing for more than it takes, as valgrind's processor has no instructions for it.
"""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg
from measure import SIZES, Bench, Subject, bare_insert, connect, peer, progress, rounds_of
from messages import Message

ROUND, ROUNDS = 50, 2  # messages; a message takes fifty times as long as without valgrind

# Each does what the one before does, and one thing more; the last by the plan of read_batch().
GIVEN = "from unnest(%b::text[], %b::text[]) as m (message_id, body)"
HASH = "select count(sha256(convert_to(m.body, 'UTF8')))"
STEPS = {
    "receive": f"select count(m.body) {GIVEN}",
    "and hash": f"{HASH} {GIVEN}",
    "and parse": f"{HASH}, count(m.body::jsonb) {GIVEN}",
    "and analyse": f"{HASH},"
    " count((select a from analyze_under(m.notification, m.rules, m.own_sellers) as a))"
    " from (select m.*, unwrap_envelope(m.parsed) as notification, r.*"
    f" from (select m.*, m.body::jsonb as parsed {GIVEN} offset 0) as m"
    " cross join in_force() as r offset 0) as m",
}
# Before each call of this, which nobody else makes, callgrind writes down what it counted since the
# last one.
MARK = "select pg_backend_pid()"


@contextmanager
def callgrind(bench: Bench) -> Iterator[Path]:
    """The server under callgrind, and where it writes <pid>.<number> for each mark."""
    data = Path(bench.cluster.sql("show data_directory").strip())
    binaries = bench.cluster.binaries
    bench.cluster.stop()
    with tempfile.TemporaryDirectory(prefix="buybox-callgrind-", dir="/tmp") as out:
        shutil.chown(out, data.owner())
        options = ["--tool=callgrind", f"--callgrind-out-file={out}/%p"]
        options += ["--dump-before=pg_backend_pid"]
        server = subprocess.Popen(
            ["valgrind", *options, binaries / "postgres", "-D", data],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=data.owner(),
            cwd=out,
        )
        try:
            address = ["-h", "127.0.0.1", "-p", str(bench.cluster.port)]
            is_ready = [str(binaries / "pg_isready"), *address]
            while subprocess.run(is_ready, stdout=subprocess.DEVNULL).returncode:
                if server.poll() is not None:
                    raise RuntimeError("the server ended under valgrind")
                time.sleep(0.1)
            yield Path(out)
        finally:
            server.send_signal(signal.SIGINT)  # a fast stop: after an error, connections are open
            server.wait()
    bench.cluster.start()


def counted(subject: Subject, out: Path) -> int:
    """The instructions of a message."""
    for _ in range(ROUNDS):  # plans, and what a session compiles once
        subject.run(keep=False)
    subject.db.execute(MARK)
    for _ in range(ROUNDS):
        subject.run(keep=False)
    subject.db.execute(MARK)
    text = (out / f"{subject.db.info.backend_pid}.2").read_text()
    total = re.search(r"^summary: (\d+)", text, re.MULTILINE)
    assert total
    return round(int(total[1]) / ROUNDS / ROUND)


def calculate(query: str, db: psycopg.Connection, batch: list[Message]) -> None:
    """Does one of STEPS for a batch; planned once, as what ingest does is."""
    values = [[m.message_id for m in batch], [m.body for m in batch]]
    db.execute(query.encode(), values, prepare=True)


def instructions(bench: Bench) -> dict[int, dict[str, int]]:
    """Of STEPS, a bare insert, ingest and the peer, by offers."""
    columns: dict[int, dict[str, int]] = {}
    databases = {offers: [bench.database() for _ in range(3)] for offers in SIZES}
    with callgrind(bench) as out:
        for offers, (one, other, third) in databases.items():
            source = rounds_of(offers, ROUND)
            known = source()
            columns[offers] = {}

            def count(subject: Subject, offers: int = offers) -> None:
                progress(f"{offers} offers, {subject.name}")
                with closing(subject.db):
                    columns[offers][subject.name] = counted(subject, out)

            for name, query in STEPS.items():
                db = psycopg.connect(one, autocommit=True)
                db.execute("set plan_cache_mode = force_generic_plan")
                count(Subject(name, db, source, partial(calculate, query)))
            count(bare_insert(one, offers, ROUND))
            count(Subject("ingest", connect(other), rounds_of(offers, ROUND)))
            count(Subject("ingest, duplicate", connect(other), partial(list, known)))
            count(peer(third, offers, ROUND))
    progress("")
    return columns
