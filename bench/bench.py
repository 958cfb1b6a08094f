"""Measures what ingest costs, beside a bare insert, and what else takes time or room.

    python bench/bench.py [--quick] [--postgres=embedded] [part ...]

Parts: floor duplicates growth relay history size steps; all where none is named. Each prints a
Markdown table and writes its raw figures to bench/results/. README.md says what they mean. They
need 15 GB of disk under /tmp, most of it for growth.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))  # cluster.py, relays.py

from end_to_end import relay
from measure import (
    SIZES,
    Bench,
    Subject,
    alternate,
    connect,
    ingest,
    per_second,
    progress,
    ratio,
    rounded,
    show,
)
from messages import MARKETPLACE, Message, messages
from steps import steps

ROUND = 200  # messages

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

FLOOR_ONE = """
insert into floor (
  message_id, dedupe_hash, raw_notification, asin, event_time, marketplace, item_condition
)
values (
  %(message_id)b, encode(sha256(convert_to(%(body)b, 'UTF8')), 'hex'), %(body)b::jsonb, %(asin)b,
  %(event_time)b, %(marketplace)b, 'new'
)
"""
INGEST_ONE = "select * from ingest_notification(%(message_id)b, %(body)b)"

# Many rows fast and not by ingest: some notifications again and again, half a minute apart.
# External, or their compressed form would be copied as it is.
SAMPLE = """
create temporary table sample (number serial, raw jsonb, a notification_analysis);
alter table sample alter column raw set storage external;
"""
FILL = """
insert into worker_notifications (
  message_id, dedupe_hash, asin, marketplace, item_condition, raw_notification, notification_type,
  amazon_notification_id, event_time, publish_time, severity, status, received_at, processed_at,
  trace_id, worker_id
)
select
  gen_random_uuid()::text, encode(sha256(uuid_send(gen_random_uuid())), 'hex'),
  (s.a).asin, (s.a).marketplace, (s.a).item_condition, s.raw, (s.a).notification_type,
  (s.a).amazon_notification_id, t.at, t.at, (s.a).severity, 'completed', t.at, t.at,
  gen_random_uuid()::text, 'notification-processor-1'
from generate_series(%(first)s::integer, %(last)s::integer) as n
inner join sample as s on s.number = n %% (select count(*) from sample) + 1
cross join lateral (
  select now() - interval '1 day' - (%(rows)s - n) * interval '0.5 min' as at
) as t
"""
FILL_CHUNK = 20_000


def rounds_of(offers: int) -> Callable[[], list[Message]]:
    """A source of new messages for a Subject."""
    stream = messages(offers)
    return lambda: list(islice(stream, ROUND))


def insert_bare(db: psycopg.Connection, batch: list[Message]) -> None:
    """Inserts a batch into FLOOR_TABLE, one commit."""
    rows = [(m.message_id, m.body, m.asin, m.event_time, MARKETPLACE, "new") for m in batch]
    db.execute(FLOOR, [list(column) for column in zip(*rows, strict=True)])


def one_by_one(query: str) -> Callable[[psycopg.Connection, list[Message]], None]:
    """Sends a batch as one transaction with a prepared statement a message."""

    def send(db: psycopg.Connection, batch: list[Message]) -> None:
        with db.transaction():
            for m in batch:
                values = {
                    "message_id": m.message_id,
                    "body": m.body,
                    "asin": m.asin,
                    "event_time": m.event_time,
                    "marketplace": MARKETPLACE,
                }
                db.execute(query, values, prepare=True)

    return send


def floor(bench: Bench) -> None:
    """Ingest against a bare insert of the same bodies, parsed and hashed; a statement a batch, as
    the relay sends it, and a statement a message."""
    ways = {
        "a batch": (insert_bare, ingest),
        "a message": (one_by_one(FLOOR_ONE), one_by_one(INGEST_ONE)),
    }
    rows, figures = [], {}
    for way, (insert, call) in ways.items():
        for offers in SIZES:
            with connect(bench.database()) as one, connect(bench.database()) as other:
                one.execute(FLOOR_TABLE)
                one.prepare_threshold = other.prepare_threshold = 0 if way == "a message" else None
                bare = Subject("bare insert", one, rounds_of(offers), insert)
                full = Subject("ingest", other, rounds_of(offers), call)
                alternate([bare, full], bench.some(40), f"floor, {offers} offers")
            rows.append(
                [
                    f"{way}, {offers} offers",
                    per_second(bare.wall),
                    per_second(full.wall),
                    f"{ratio(bare.wall, full.wall):.2f}",
                    round(median(bare.cpu)),
                    round(median(full.cpu)),
                    f"{ratio(bare.cpu, full.cpu):.2f}",
                ]
            )
            figures[f"{way}, {offers} offers"] = [bare.figures(), full.figures()]
    head = ["a statement", "bare insert/s", "ingest/s", "ratio", "CPU µs", "CPU µs", "ratio"]
    show("Ingest against a bare insert", head, rows)
    bench.save("floor", figures)


def duplicates(bench: Bench) -> None:
    """Messages that came before, and bodies that came before under another message id."""
    rows, figures = [], {}
    for offers in SIZES:
        with connect(bench.database()) as one, connect(bench.database()) as other:
            known = rounds_of(offers)()
            fresh = rounds_of(offers)
            new = Subject("new", one, fresh)
            again = Subject("same message", other, lambda known=known: known)
            renamed = messages(offers, seed=2)
            body = Subject(
                "same body",
                other,
                lambda known=known, renamed=renamed: [
                    Message(next(renamed).message_id, m.body, m.asin, m.event_time) for m in known
                ],
            )
            again.run(keep=False)
            alternate([new, again, body], bench.some(40), f"duplicates, {offers} offers")
        subjects = [new, again, body]
        rows.append(
            [offers]
            + [per_second(s.wall) for s in subjects]
            + [f"{ratio(new.wall, s.wall):.1f}" for s in subjects[1:]]
            + [f"{ratio(new.cpu, s.cpu):.1f}" for s in subjects[1:]]
        )
        figures[offers] = [s.figures() for s in subjects]
    head = ["offers", "new/s", "same message/s", "same body/s"]
    head += ["times, same message", "times, same body", "by CPU, message", "by CPU, body"]
    show("Duplicates", head, rows)
    bench.save("duplicates", figures)


def fill(db: psycopg.Connection, rows: int, offers: int) -> None:
    """Stores so many notifications, on the way to now, and leaves nothing to autovacuum."""
    db.execute(SAMPLE)
    bodies = [m.body for m in islice(messages(offers), 2000)]
    db.execute(
        "insert into sample (raw, a) select b.body::jsonb, analyze_notification(b.body::jsonb)"
        " from unnest(%b::text[]) as b (body)",
        [bodies],
    )
    for first in range(0, rows, FILL_CHUNK):
        last = min(first + FILL_CHUNK, rows) - 1
        db.execute(FILL, {"first": first, "last": last, "rows": rows})
        progress(f"{last + 1:,} of {rows:,} rows")
    db.execute("drop table sample")
    db.execute("vacuum analyze worker_notifications")
    progress("")


def relation_sizes(db: psycopg.Connection, table: str) -> dict[str, int]:
    """Bytes of a table's heap, of its toast with its index, and of each index."""
    rows = db.execute(
        "select 'heap', pg_relation_size(c.oid), 0 from pg_class as c where c.oid = %(t)s::regclass"
        " union all select 'toast', pg_total_relation_size(c.reltoastrelid), 1"
        " from pg_class as c where c.oid = %(t)s::regclass and c.reltoastrelid <> 0"
        " union all select i.indexrelid::regclass::text, pg_relation_size(i.indexrelid), 2"
        " from pg_index as i where i.indrelid = %(t)s::regclass order by 3, 1",
        {"t": table},
    ).fetchall()
    return {name: size for name, size, _ in rows}


def growth(bench: Bench) -> None:
    """Ingest into tables that hold nothing and a lot."""
    stored = [0, bench.some(400_000), bench.some(2_000_000)]
    with ExitStack() as stack:
        subjects = []
        for rows in stored:
            db = stack.enter_context(connect(bench.database()))
            if rows:
                fill(db, rows, offers=3)
                db.execute("select rebuild_current_state()")
            subjects.append(Subject(f"{rows:,} rows", db, rounds_of(3)))
        bench.cluster.sql("checkpoint")
        alternate(subjects, bench.some(40), "growth")
        sizes = [relation_sizes(s.db, "worker_notifications") for s in subjects]
        log = [median(logged_after_checkpoint(bench, s) for _ in range(5)) for s in subjects]
    empty = subjects[0]
    rows = [
        [
            s.name,
            per_second(s.wall),
            f"{ratio(empty.wall, s.wall):.2f}",
            round(median(s.cpu)),
            f"{ratio(empty.cpu, s.cpu):.2f}",
            round(written),
        ]
        for s, written in zip(subjects, log, strict=True)
    ]
    head = ["stored", "ingest/s", "ratio", "CPU µs", "ratio", "WAL after a checkpoint, bytes"]
    show("Growth, 3 offers", head, rows)
    megabytes = [[name, *(f"{each[name] / 1e6:.1f}" for each in sizes)] for name in sizes[0]]
    show("Size of worker_notifications, MB", ["", *(s.name for s in subjects)], megabytes)
    figures = [
        s.figures() | {"bytes": each, "wal_after_checkpoint": written}
        for s, each, written in zip(subjects, sizes, log, strict=True)
    ]
    bench.save("growth", figures)


ANALYZE = """
select count(a.severity)
from worker_notifications
cross join lateral analyze_notification(raw_notification) as a
"""


def timed(db: psycopg.Connection, query: str) -> tuple[float, Any]:
    """The seconds that a query takes, and the first row of its answer."""
    started = time.perf_counter()
    answer = db.execute(query.encode()).fetchone()
    return time.perf_counter() - started, answer


def history(bench: Bench) -> None:
    """What analysts and operators do over stored notifications."""
    stored, repeats = bench.some(100_000), bench.some(3)
    with connect(bench.database()) as db:
        fill(db, stored, offers=8)
        db.execute(
            "insert into severity_rules (name, success_max_position, warning_min_offers)"
            " values ('strict', 1, 1)"
        )
        work = {
            "analyze_notification": (None, ANALYZE),
            "rerun_severity, nothing changes": (None, "select * from rerun_severity()"),
            "rerun_severity, new rules": (
                "select activate_severity_rules(case name when 'default' then 'strict'"
                " else 'default' end) from severity_rules where active",
                "select * from rerun_severity()",
            ),
            "rebuild_current_state": (None, "select rebuild_current_state()"),
        }
        rows: list[list[Any]] = []
        figures: dict[str, Any] = {"stored": stored, "offers": 8}

        def note(name: str, seconds: list[float], answer: Any) -> None:
            rows.append([name, round(stored / median(seconds)), f"{median(seconds):.1f}", answer])
            figures[name] = {"seconds": rounded(seconds), "answer": answer}

        for name, (before, query) in work.items():
            seconds = []
            for number in range(repeats):
                progress(f"{name}: {number + 1} of {repeats}")
                if before:
                    db.execute(before)
                took, answer = timed(db, query)
                seconds.append(took)
            note(name, seconds, answer)
        plan = db.execute(f"explain (analyze, buffers) {ANALYZE}").fetchall()
        figures["plan"] = [line for (line,) in plan]
        progress("prune_notifications")
        db.execute(
            "update worker_notifications set received_at = received_at - interval '1 year',"
            " event_time = event_time - interval '1 year'"
        )
        took, answer = timed(db, "select prune_notifications('28 days')")
        note("prune_notifications, all but the newest", [took], answer)
        progress("")
    head = ["", "notifications/s", "s", "answer"]
    show(f"History: {stored:,} notifications of 8 offers", head, rows)
    print("\n" + "\n".join(figures["plan"]))
    bench.save("history", figures)


def logged(subject: Subject) -> float:
    """The bytes of write-ahead log that a message of one round makes."""
    before = subject.db.execute("select pg_current_wal_lsn()").fetchone()
    subject.run(keep=False)
    query = "select pg_current_wal_lsn() - %s::pg_lsn"
    (written,) = subject.db.execute(query, before).fetchone() or (0,)
    return float(written) / ROUND


def logged_after_checkpoint(bench: Bench, subject: Subject) -> float:
    """logged() where each page's first change logs the whole page: the most there can be."""
    bench.cluster.sql("checkpoint")
    return logged(subject)


def size(bench: Bench) -> None:
    """Bytes a stored message, by component and of write-ahead log, and what compressing costs."""
    stored = bench.some(20_000)
    columns: dict[str, dict[str, float]] = {}
    for offers in SIZES:
        with ExitStack() as stack:
            subjects = []
            for compression in ("lz4", "pglz"):
                db = stack.enter_context(connect(bench.database()))
                db.execute(
                    "alter table worker_notifications"
                    f" alter column raw_notification set compression {compression}"
                )
                fill(db, stored, offers)
                sizes = relation_sizes(db, "worker_notifications")
                columns[f"{offers} offers, {compression}"] = {
                    name: each / stored for name, each in sizes.items()
                } | {"all": sum(sizes.values()) / stored}
                subjects.append(Subject(f"{offers} offers, {compression}", db, rounds_of(offers)))
            rounds = bench.some(20)
            alternate(subjects, rounds, f"size, {offers} offers")
            for subject in subjects:
                columns[subject.name] |= {
                    "write-ahead log": median(logged(subject) for _ in range(5)),
                    "ingest, CPU µs": median(subject.cpu),
                }
    names = list(columns[f"{SIZES[0]} offers, lz4"])
    rows = [[name, *(round(column[name]) for column in columns.values())] for name in names]
    show("Bytes a stored message", ["", *columns], rows)
    bench.save("size", columns)


PARTS: dict[str, Callable[[Bench], None]] = {
    "floor": floor,
    "duplicates": duplicates,
    "growth": growth,
    "relay": relay,
    "history": history,
    "size": size,
    "steps": steps,
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
            PARTS[name](bench)
    return 0


if __name__ == "__main__":
    sys.exit(main())
