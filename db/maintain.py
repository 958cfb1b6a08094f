"""Long work on the database at DATABASE_URL, in chunks with a commit each and progress.

    python db/maintain.py rerun      derive every severity again, under the active severity_rules
    python db/maintain.py rebuild    make current_state anew from worker_notifications
    python db/maintain.py rollup     bring item_days up to the last finished UTC day
    python db/maintain.py prune      delete notifications received longer than KEEP ago (90 days)

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

from settings import Settings, SettingsError

# Notifications a commit: some tenths of a second, so that nobody waits long for a lock.
CHUNK = 5_000
ITEMS = 100

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
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in WORK:
        print(f"usage: python db/maintain.py {'|'.join(WORK)}", file=sys.stderr)
        return 2
    try:
        with connect(Settings.read().database_url) as connection:
            result = WORK[arguments[0]](connection)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except psycopg.Error as error:
        progress("")
        hint = f"\nhint: {error.diag.message_hint}" if error.diag.message_hint else ""
        print(f"{arguments[0]}: {error.diag.message_primary or error}{hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress("")
        print(f"{arguments[0]}: stopped; what was done stays done", file=sys.stderr)
        return 130
    progress("")
    print(f"{arguments[0]}: {result}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
