"""Deploying changed types while messages come in."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import notifications as n
import oracle
import psycopg
import pytest
from cluster import ENVIRONMENT, ROOT

pytestmark = pytest.mark.ingest

OFFER = Path("db") / "types" / "amazon_offer.sql"
ATTRIBUTES = (
    "select count(*) from pg_attribute where attnum > 0"
    " and attrelid = (select typrelid from pg_type where oid = 'amazon_offer'::regtype)"
)

SIZES = (10, 1)  # of the batches of each session


@pytest.fixture
def trees(tmp_path: Path) -> list[Path]:
    """Two directories with a copy of db/: as it is, and with one member more in an offer."""
    found = []
    for name in ("as_it_is", "with_one_more"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "db", tmp_path / name / "db", ignore=ignored)
        found.append(tmp_path / name)
    file = found[1] / OFFER
    changed, replaced = re.subn(
        r"\n\);", ',\n  "IsFeaturedMerchant" amazon_flag\n);', file.read_text(), count=1
    )
    assert replaced == 1
    file.write_text(changed)
    return found


def migrate(tree: Path, url: str) -> None:
    done = subprocess.run(
        [sys.executable, "db/migrate.py"],
        cwd=tree,
        env=ENVIRONMENT | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def is_to_be_repeated(error: psycopg.Error) -> bool:
    """Whether a message alone met the moment, or the world, and not its own fault."""
    state = error.sqlstate or ""
    return (
        state in ("42883", "42704", "42P01", "55P03")
        or state.startswith("40")
        or (state == "XX000" and "cache lookup failed" in str(error))
    )


def ingest(db: psycopg.Connection, messages: list[tuple[str, str]]) -> list[n.Json]:
    """As the relay does: as a batch; where that raises, one by one; what says so again."""
    while True:
        try:
            return n.ingest_batch(db, *messages)
        except psycopg.Error as error:
            if len(messages) > 1:
                return [row for message in messages for row in ingest(db, [message])]
            if not is_to_be_repeated(error):
                raise


@pytest.mark.soak
def test_no_message_fails_while_changed_types_are_deployed(
    database_url: str,
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_until: Callable[..., None],
    trees: list[Path],
) -> None:
    observer = connect()
    done = threading.Event()
    histories: list[list[tuple[n.Facts, str]]] = [[], []]
    found: list[list[str]] = [[], []]

    def work(session: int, connection: psycopg.Connection) -> None:
        history = histories[session]
        while not done.is_set():
            start = len(history)
            end = start + SIZES[session]
            for number in range(start, end):
                item: Any = {
                    "asin": f"B0DEPLOY{session}{number % 7}",
                    "event_time": n.START + timedelta(seconds=number),
                }
                fact: n.Facts = n.OfferChange(
                    **item, offers=(n.Offer(n.SELLER, Decimal(number % 19 + 1)), n.Offer())
                )
                if number % 5 == 0:
                    fact = n.PricingHealth(**item, threshold=Decimal(9))
                spell = n.camel if number % 3 == 0 else n.pascal
                history.append((fact, n.text(spell(fact))))
            messages = [(f"{session}-{number}", history[number][1]) for number in range(start, end)]
            found[session] += [row["outcome"] for row in ingest(connection, messages)]

    sizes = []
    workers = [in_background(work, session, connect()) for session in range(2)]
    try:
        for tree in [trees[1], trees[0]] * 3:
            before = [len(each) for each in found]
            migrate(tree, database_url)
            sizes += observer.execute(ATTRIBUTES).fetchall()

            def both_went_on(before: list[int] = before) -> bool:
                ahead = all(len(now) > then for now, then in zip(found, before, strict=True))
                return ahead or any(worker.done() for worker in workers)

            wait_until(both_went_on, what="messages to be ingested during and after a deploy")
    finally:
        done.set()
    for worker in workers:
        worker.result()

    assert sizes == [(8,), (7,)] * 3
    for history, outcomes in zip(histories, found, strict=True):
        assert len(outcomes) == len(history)
        assert set(outcomes) <= {"processed", "stale"}
    assert observer.execute("select * from worker_failures").fetchall() == []
    everything = [*histories[0], *histories[1]]
    stored = observer.execute("select dedupe_hash from worker_notifications").fetchall()
    assert sorted(h for (h,) in stored) == sorted(oracle.dedupe_hash(b) for _, b in everything)
    assert n.current_state(observer) == oracle.current_state(everything)
