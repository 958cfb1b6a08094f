"""Move every item to the shard it belongs to (tools/shards.py), while ingest goes on.

    DATABASE_URLS="postgresql://…/shard-1 postgresql://…/shard-2" python db/split.py

An item is moved whole: its notifications, days, alerts, and what items says of it; on its own shard
its state is made anew. All under the item's lock on both sides, each side a commit, the new one
first: whenever it stops, running it again goes on. What an old queue still held at the switch
arrives where it was: run it until it has nothing to move. Exit status: 0; 1 where a database
refused; 2 for a wrong setting; 130 where it was interrupted.
"""

import os
import sys
from pathlib import Path

import psycopg
from maintain import one_row, progress
from migrate import connect
from psycopg import sql

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from settings import SettingsError, check_database_url
from tools.shards import shard_of

ITEMS = """
select asin from worker_notifications where asin is not null
union select asin from items
union select asin from item_days
union select asin from alerts where delivery_id is null or status <> 'pending'
"""

# The rows that move, by table. A mark has no ASIN of its own, so it goes before what it marks. An
# alert in a delivery is told from where it is, and moves later.
ROWS = {
    "unreadable_notifications": "id in (select id from worker_notifications where asin = %s)",
    "worker_notifications": "asin = %s",
    "items": "asin = %s",
    "item_days": "asin = %s",
    "alerts": "asin = %s and (delivery_id is null or status <> 'pending')",
}
TAKE = "delete from {table} as t where {rows} returning (to_jsonb(t) - 'delivery_id')::text"
PUT = """
insert into {table} ({columns}) overriding user value
select {columns} from jsonb_populate_record(null::{table}, %s) as r {unless}
on conflict do nothing
"""
# But those that the target generates.
COLUMNS = """
select attname from pg_attribute
where attrelid = %s::regclass and attnum > 0 and attgenerated = '' and not attisdropped
"""
UNLESS = {
    # Days end for all items of a shard at once: later ones are rolled up there, from what moved.
    "item_days": "where r.day <= coalesce("
    "(select max(d.day) from item_days as d where d.asin <> r.asin), r.day)",
    # No key tells of an alert that a move which was cut short had copied.
    "alerts": "where not exists (select from alerts as a where a.asin = r.asin and"
    " (a.rule, a.marketplace, a.item_condition, a.created_at)"
    " = (r.rule, r.marketplace, r.item_condition, r.created_at))",
}


def move(shards: list[psycopg.Connection], source: int, target: int, asin: str) -> None:
    """Moves one item. Of a row that the target has, by any of its keys, it keeps the target's."""
    # By number, whichever way it goes: two moves at once wait for each other in one order.
    both = [shards[number] for number in sorted((source, target))]
    for connection in both:
        one_row(connection, "select begin_maintenance()")
    for connection in both:
        one_row(connection, "select take_item_locks(array[%s])", (asin,))
    shards[source].execute("delete from current_state where asin = %s", (asin,))
    with shards[source].cursor() as taken, shards[target].cursor() as put:
        for table, rows in ROWS.items():
            names = {"table": sql.SQL(table), "rows": sql.SQL(rows)}
            unless = sql.SQL(UNLESS.get(table, ""))
            found = shards[target].execute(COLUMNS, (table,)).fetchall()
            columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
            put.executemany(
                sql.SQL(PUT).format(unless=unless, columns=columns, **names),
                taken.stream(sql.SQL(TAKE).format(**names), (asin,)),
            )
    one_row(shards[target], "select rebuild_current_state(%s)", (asin,))
    shards[target].commit()
    shards[source].commit()


def split(urls: list[str]) -> int:
    """Moves all that is elsewhere than it belongs, and returns how many items that was."""
    shards = [connect(url) for url in urls]
    for connection in shards:  # what is deleted on one must be durable on the other
        connection.execute(
            "select set_config('synchronous_commit',"
            " replace(current_setting('synchronous_commit'), 'off', 'on'), false)"
        )
    moved = 0
    for source, connection in enumerate(shards):
        items = [(asin, shard_of(asin, len(urls)) - 1) for (asin,) in connection.execute(ITEMS)]
        connection.commit()
        elsewhere = [(asin, target) for asin, target in items if target != source]
        for done, (asin, target) in enumerate(elsewhere, start=1):
            try:
                move(shards, source, target, asin)
            except psycopg.Error as error:
                error.add_note(f"{asin}: ")
                raise
            progress(f"shard {source + 1} of {len(urls)}: {done} of {len(elsewhere)} items moved")
        moved += len(elsewhere)
    for connection in shards:
        connection.close()
    return moved


def main() -> int:
    try:
        urls = [check_database_url(url) for url in os.environ.get("DATABASE_URLS", "").split()]
        if len(urls) < 2:
            raise ValueError("DATABASE_URLS has the URLs of the shards, in their order")
        moved = split(urls)
    except (SettingsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except psycopg.Error as error:
        progress("")
        where = "".join(getattr(error, "__notes__", []))
        print(f"split: {where}{error.diag.message_primary or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress("")
        print("split: stopped; run again, it goes on", file=sys.stderr)
        return 130
    progress("")
    print(f"split: {moved} items moved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
