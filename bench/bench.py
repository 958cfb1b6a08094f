"""Measures what ingest costs, beside a bare insert and beside a worker that analyses in Python.

    python bench/bench.py [--quick] [--postgres=embedded] [part ...]

Parts: batch instructions relay history growth size; all where none is named. Each prints a table
and writes its raw figures to bench/results/. README.md says what they mean. They need 12 GB of disk
under /tmp, most of it for growth, and instructions needs valgrind.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

sys.path.append(
    str(Path(__file__).resolve().parent.parent / "tests" / "helpers")
)  # cluster.py, relays.py

from end_to_end import relay
from instructions import instructions
from measure import (
    ROOT,
    ROUND,
    SIZES,
    Bench,
    Subject,
    alternate,
    bare_insert,
    batches,
    connect,
    ingest,
    peer,
    progress,
    rounded,
    rounds_of,
)
from messages import Message, messages

# What ingest and the peer must store alike.
STORED = """
select
  message_id, dedupe_hash, raw_notification, notification_type, asin, marketplace, item_condition,
  event_time, publish_time, amazon_notification_id, severity, status
from worker_notifications
order by dedupe_hash
"""
SHOWN = """
select to_jsonb(c) - '{last_notification_id, last_updated}'::text[]
from current_state as c
order by asin, marketplace, item_condition
"""

# Many rows fast and not by ingest: some notifications again and again, half a minute apart.
# External, or their compressed form would be copied as it is.
SAMPLE = """
create temporary table sample (like worker_notifications, number serial);
alter table sample alter column raw_notification set storage external;
insert into sample select * from worker_notifications;
truncate worker_notifications, current_state;
"""
FILL = """
insert into worker_notifications (
  message_id, dedupe_hash, asin, marketplace, item_condition, raw_notification, notification_type,
  amazon_notification_id, event_time, publish_time, severity, status, received_at, processed_at,
  trace_id, worker_id
)
select
  gen_random_uuid()::text, encode(sha256(uuid_send(gen_random_uuid())), 'hex'), s.asin,
  s.marketplace, s.item_condition, s.raw_notification, s.notification_type,
  s.amazon_notification_id, t.at, t.at, s.severity, s.status, t.at, t.at, gen_random_uuid()::text,
  s.worker_id
from generate_series(%(first)s::integer, %(last)s::integer) as n
inner join sample as s on s.number = n %% (select count(*) from sample) + 1
cross join lateral (
  select now() - interval '1 day' - (%(rows)s - n) * interval '0.5 min' as at
) as t
"""
FILL_CHUNK = 20_000

ANALYZE = """
select count(a)
from worker_notifications
cross join lateral analyze_notification(raw_notification) as a
"""


def compare_results(bench: Bench) -> None:
    """Raises RuntimeError unless ingest and the peer store and show the same, of messages in any
    order, some of them twice, with Amazon's samples of the kinds that have state among them."""
    one, other = Subject("ingest", connect(bench.database()), list), peer(bench.database(), 3)
    given = [m for offers in SIZES for m in islice(messages(offers), ROUND)]
    for kind in ("any-offer-changed", "pricing-health"):
        for path in sorted((ROOT / "tests" / "fixtures").glob(f"{kind}.*")):
            given.append(Message(path.name, path.read_text(), "", given[0].event_time))
    given += given[::7]
    random.Random(1).shuffle(given)
    for batch in batches(given):
        one.send(one.db, batch)
        other.send(other.db, batch)
    for query in (STORED, SHOWN):
        rows = [s.db.execute(query).fetchall() for s in (one, other)]
        for pair in zip(*rows, strict=True):
            if pair[0] != pair[1]:
                raise RuntimeError(f"ingest: {pair[0]}\nbut the peer: {pair[1]}")


def rename(known: list[Message], fresh: Iterator[Message]) -> list[Message]:
    """The known messages, as if they had been sent again: under new message ids."""
    return [replace(message, message_id=next(fresh).message_id) for message in known]


def batch(bench: Bench) -> dict[int, list[Any]]:
    """Ingest beside a bare insert of the same bodies, parsed and hashed, and beside the peer; and
    messages that came before, and bodies that came before under another message id."""
    compare_results(bench)
    figures = {}
    for offers in SIZES:
        known = rounds_of(offers)()
        fresh = messages(offers, seed=2)
        same = Subject("same message", connect(bench.database()), partial(list, known))
        renamed = Subject("same body", same.db, partial(rename, known, fresh))
        same.run(keep=False)
        subjects = [
            bare_insert(bench.database(), offers),
            Subject("ingest", connect(bench.database()), rounds_of(offers)),
            peer(bench.database(), offers),
            same,
            renamed,
        ]
        alternate(subjects, bench.some(40), f"batch, {offers} offers")
        figures[offers] = [s.figures() for s in subjects]
    return figures


def fill(db: psycopg.Connection, rows: int, offers: int) -> None:
    """Stores so many notifications, on the way to now, and leaves nothing to autovacuum."""
    for some in batches(list(islice(messages(offers, seed=3), 2000))):
        ingest(db, some)
    db.execute(SAMPLE)
    for first in range(0, rows, FILL_CHUNK):
        last = min(first + FILL_CHUNK, rows) - 1
        db.execute(FILL, {"first": first, "last": last, "rows": rows})
        progress(f"{last + 1:,} of {rows:,} rows")
    db.execute("drop table sample")
    db.execute("vacuum analyze worker_notifications")
    progress("")


def relation_sizes(db: psycopg.Connection) -> dict[str, int]:
    """Bytes of worker_notifications' heap, of its toast with its index, and of each index."""
    query = """
    select
      case c.relkind when 'r' then 'heap' when 't' then 'toast' else c.relname end,
      case c.relkind when 't' then pg_total_relation_size(c.oid) else pg_relation_size(c.oid) end
    from pg_class as t
    inner join pg_class as c on c.oid in (t.oid, t.reltoastrelid)
      or c.oid in (select indexrelid from pg_index where indrelid = t.oid)
    where t.oid = 'worker_notifications'::regclass
    order by c.relkind = 'i', c.relkind, c.relname
    """
    return dict(db.execute(query).fetchall())


def logged(subject: Subject) -> float:
    """The bytes of write-ahead log that a message of one round makes."""
    before = subject.db.execute("select pg_current_wal_lsn()").fetchone()
    subject.run(keep=False)
    query = "select pg_current_wal_lsn() - %s::pg_lsn"
    (written,) = subject.db.execute(query, before).fetchone() or (0,)
    return int(written) / ROUND


def logged_after_checkpoint(bench: Bench, subject: Subject) -> float:
    """logged() where each page's first change logs the whole page: the most there can be."""
    bench.cluster.sql("checkpoint")
    return logged(subject)


def growth(bench: Bench) -> list[dict[str, Any]]:
    """Ingest into tables that hold nothing and a lot."""
    with ExitStack() as stack:
        subjects = []
        for stored in (0, bench.some(400_000), bench.some(2_000_000)):
            db = stack.enter_context(connect(bench.database()))
            if stored:
                fill(db, stored, offers=3)
                db.execute("select rebuild_current_state()")
            subjects.append(Subject(f"{stored:,} rows", db, rounds_of(3)))
        bench.cluster.sql("checkpoint")
        alternate(subjects, bench.some(40), "growth")
        log = [median(logged_after_checkpoint(bench, s) for _ in range(5)) for s in subjects]
    return [
        s.figures() | {"wal_after_checkpoint": written}
        for s, written in zip(subjects, log, strict=True)
    ]


def history(bench: Bench) -> dict[str, Any]:
    """What analysts and operators do over stored notifications."""
    stored, repeats = bench.some(100_000), 3
    other_rules = (
        "select activate_severity_rules(case name when 'default' then 'strict' else 'default' end)"
        " from severity_rules where active"
    )
    a_year_ago = (
        "update worker_notifications set received_at = received_at - interval '1 year',"
        " event_time = event_time - interval '1 year'"
    )
    rerun, prune = "select * from rerun_severity()", "select prune_notifications('28 days')"
    work = [
        ("analyze_notification", repeats, None, ANALYZE),
        ("rerun_severity, nothing changes", repeats, None, rerun),
        ("rerun_severity, new rules", repeats, other_rules, rerun),
        ("rebuild_current_state", repeats, None, "select rebuild_current_state()"),
        ("roll_up_days, of a year", 1, a_year_ago, "select roll_up_days()"),
        ("prune_notifications, all but the newest", 1, None, prune),
    ]
    figures: dict[str, Any] = {"stored": stored, "offers": 8}
    with connect(bench.database()) as db:
        fill(db, stored, offers=8)
        db.execute(
            "insert into severity_rules (name, success_max_position, warning_min_offers)"
            " values ('strict', 1, 1)"
        )
        for name, times, before, query in work:
            seconds = []
            for number in range(times):
                progress(f"{name}: {number + 1} of {times}")
                if before:
                    db.execute(before)
                started = time.perf_counter()
                answer = db.execute(query).fetchone()
                seconds.append(time.perf_counter() - started)
            figures[name] = {"seconds": rounded(seconds), "answer": answer}
        progress("")
    return figures


def size(bench: Bench) -> dict[str, dict[str, float]]:
    """Bytes a stored message, by component and of write-ahead log."""
    stored = bench.some(20_000)
    columns: dict[str, dict[str, float]] = {}
    for offers in SIZES:
        for compression in ("lz4", "pglz"):
            with connect(bench.database()) as db:
                db.execute(
                    "alter table worker_notifications"
                    f" alter column raw_notification set compression {compression}"
                )
                fill(db, stored, offers)
                each = {name: taken / stored for name, taken in relation_sizes(db).items()}
                subject = Subject("ingest", db, rounds_of(offers))
                columns[f"{offers} offers, {compression}"] = each | {
                    "all": sum(each.values()),
                    "write-ahead log": median(logged(subject) for _ in range(5)),
                }
    return columns


PARTS: dict[str, Callable[[Bench], Any]] = {
    part.__name__: part for part in (batch, instructions, relay, history, growth, size)
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures ingest and the rest; see README.md.")
    parser.add_argument("part", nargs="*", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--quick", action="store_true", help="a look: few rounds, nothing saved")
    parser.add_argument("--postgres", choices=("system", "embedded"), default="system")
    arguments = parser.parse_args()
    if unknown := set(arguments.part) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    for name in [n for n in os.environ if n.startswith(("PG", "AWS_")) and n != "PG_BIN"]:
        del os.environ[name]
    # So that servers and relays are stopped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(arguments.postgres, quick=arguments.quick)
    with bench.cluster:
        for name in arguments.part or PARTS:
            bench.publish(name, PARTS[name](bench))
    return 0


if __name__ == "__main__":
    sys.exit(main())
