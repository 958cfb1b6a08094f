"""Long work on the database at DATABASE_URL, in chunks with a commit each and progress; or on each
of DATABASE_URLS (with spaces between), one after the other.

    python db/maintain.py rerun      derive every severity again, under the active severity_rules
    python db/maintain.py rebuild    make current_state anew from worker_notifications
    python db/maintain.py rollup     bring item_days up to the last finished UTC day
    python db/maintain.py prune      delete notifications received longer than KEEP ago (90 days)
    python db/maintain.py share      give all of DATABASE_URLS the first one's rules and sellers
    python db/maintain.py activate   put the severity_rules RULES in force
    python db/maintain.py preview    count the severities that RULES would change, of SINCE on

The work itself is SQL: rerun_severity(), rebuild_current_state(), roll_up_days() and
prune_notifications(), which needs what is rolled up. It may be stopped at any point and run again;
live ingest goes on beside it. Exit status: 0; 1 where the database refused; 2 for a wrong call; 130
where it was interrupted.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
from migrate import connect

from settings import Settings, SettingsError, check_database_url

# Notifications a commit: some tenths of a second, so that nobody waits long for a lock.
CHUNK = 5_000
ITEMS = 100

SHARED: tuple[LiteralString, ...] = ("severity_rules", "own_sellers", "alert_rules")

said_at = time.monotonic()


def rerun(connection: psycopg.Connection) -> str:
    """Goes through the time of receipt in steps of CHUNK notifications. Those received at the same
    moment, as one transaction's are, stay in one step."""
    times = connection.execute(
        "select distinct received_at from ("
        " select received_at, row_number() over (order by received_at) as position"
        " from worker_notifications where received_at is not null"
        ") as n where position %% %s = 1 order by received_at",
        (CHUNK,),
    ).fetchall()
    examined = changed = 0
    for step, (since,) in enumerate(times, start=1):
        until = times[step][0] if step < len(times) else "infinity"
        seen, differing = one_row(
            connection, "select examined, changed from rerun_severity(%s, %s)", (since, until)
        )
        connection.commit()
        examined, changed = examined + seen, changed + differing
        progress(f"step {step} of {len(times)}: {examined} examined, {changed} severities changed")
    return f"{examined} notifications examined, {changed} severities changed"


def rebuild(connection: psycopg.Connection) -> str:
    """Goes through the items in the order of their locks, which a transaction must keep to."""
    asins = connection.execute(
        "select asin from (select asin from worker_notifications where asin is not null"
        " union select asin from current_state) as items order by lock_of_item(asin)"
    ).fetchall()
    rows = 0
    for done, (asin,) in enumerate(asins, start=1):
        rows += one_row(connection, "select rebuild_current_state(%s)", (asin,))[0]
        if done % ITEMS == 0 or done == len(asins):
            connection.commit()
            progress(f"{done} of {len(asins)} items rebuilt")
    return f"{len(asins)} items rebuilt, {rows} rows in current_state"


def rollup(connection: psycopg.Connection) -> str:
    """Goes through the days from the first that is not rolled up, in steps of about CHUNK
    notifications each; what is late is in the first step."""
    first, last, pending = one_row(
        connection,
        "select least(coalesce(d.rolled_up_to + 1, q.first_day), utc_day(now()) - 1),"
        " utc_day(now()) - 1, q.pending"
        " from (select max(day) as rolled_up_to from item_days) as d"
        " cross join (select min(utc_day(event_time)) as first_day, count(*) as pending"
        " from item_days_queue) as q",
    )
    days = (last - first).days + 1
    step = max(1, min(31, days * CHUNK // max(pending, 1)))
    rows = 0
    for done in range(0, days, step):
        until = min(first + timedelta(days=done + step - 1), last)
        rows += one_row(connection, "select roll_up_days(%s)", (until,))[0]
        connection.commit()
        progress(f"rolled up to {until} of {last}, {rows} rows written")
    return f"item_days rolled up to {last}, {rows} rows written"


def prune(connection: psycopg.Connection) -> str:
    rollup(connection)
    keep = os.environ.get("KEEP") or "90 days"
    total = 0
    while pruned := one_row(connection, "select prune_notifications(%s, %s)", (keep, CHUNK))[0]:
        connection.commit()
        total += pruned
        progress(f"{total} notifications deleted")
    connection.commit()
    return f"{total} notifications older than {keep} deleted"


def activate(connection: psycopg.Connection) -> str:
    rules = os.environ.get("RULES", "")
    one_row(connection, "select activate_severity_rules(%s)", (rules,))
    connection.commit()
    return f"{rules} is in force; stored severities stay until make rerun"


def preview(connection: psycopg.Connection) -> str:
    rules, since = os.environ.get("RULES", ""), os.environ.get("SINCE") or "-infinity"
    found = connection.execute(
        "select old_severity, new_severity, notifications"
        " from preview_severity(%s, %s, 'infinity')"
        " where old_severity is distinct from new_severity order by 1, 2",
        (rules, since),
    ).fetchall()
    return ", ".join(f"{old} to {new}: {number}" for old, new, number in found) or "no change"


def share(connection: psycopg.Connection) -> str:
    """Rules and sellers are rows of each database: makes them those of the first. Waits for the
    batches in flight, as activate_severity_rules() does."""
    with connect(database_urls()[0]) as first:
        for table in SHARED:
            rows = one_row(first, f"select coalesce(jsonb_agg(t), '[]')::text from {table} as t")[0]
            connection.execute(
                "select begin_maintenance(),"
                " pg_advisory_xact_lock('severity_rules'::regclass::oid::integer, 0)"
            )
            connection.execute(f"delete from {table}")
            connection.execute(
                f"insert into {table} select * from jsonb_populate_recordset(null::{table}, %s)",
                (rows,),
            )
    connection.commit()
    return ", ".join(SHARED) + " are the first one's"


def one_row(
    connection: psycopg.Connection, query: LiteralString, parameters: Any = ()
) -> tuple[Any, ...]:
    """The one row that such a query always returns."""
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row


def progress(text: str) -> None:
    """A line that is overwritten on a terminal; elsewhere one every ten seconds."""
    global said_at
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)
    elif text and time.monotonic() > said_at + 10:
        said_at = time.monotonic()
        print(text, flush=True)


WORK: dict[str, Callable[[psycopg.Connection], str]] = {
    "rerun": rerun,
    "rebuild": rebuild,
    "rollup": rollup,
    "prune": prune,
    "share": share,
    "activate": activate,
    "preview": preview,
}


def database_urls() -> list[str]:
    """Returns DATABASE_URLS, or else DATABASE_URL alone. Raises SettingsError."""
    urls = os.environ.get("DATABASE_URLS", "").split()
    try:
        return [check_database_url(url) for url in urls] or [Settings.read().database_url]
    except ValueError as error:
        raise SettingsError(f"DATABASE_URLS is not valid: {error}") from None


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in WORK:
        print(f"usage: python db/maintain.py {'|'.join(WORK)}", file=sys.stderr)
        return 2
    work, done, urls = arguments[0], 0, [""]
    try:
        urls = database_urls()
        for url in urls:
            with connect(url) as connection:
                result = WORK[work](connection)
            done += 1
            progress("")
            print(f"{work}: {on_which(done, urls)}{result}")
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except psycopg.Error as error:
        progress("")
        hint = f"\nhint: {error.diag.message_hint}" if error.diag.message_hint else ""
        why = error.diag.message_primary or error
        print(f"{work}: {on_which(done + 1, urls)}{why}{hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress("")
        where = on_which(done + 1, urls)
        print(f"{work}: {where}stopped; what was done stays done", file=sys.stderr)
        return 130
    return 0


def on_which(number: int, urls: list[str]) -> str:
    """Which of several databases a line is about: those before it are done, the rest is not."""
    return f"shard {number} of {len(urls)}: " if len(urls) > 1 else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
