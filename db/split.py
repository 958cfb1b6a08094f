"""Move every item to the shard it belongs to (tools/shards.py), while ingest goes on.

    DATABASE_URLS="postgresql://…/shard-1 postgresql://…/shard-2" python db/split.py

An item is moved whole: its notifications, days, alerts that ended, and what items says of it; on
its own shard its state is made anew, then it goes from where it was. Both under the item's lock on
both sides, each side a commit, the new one first: whenever it stops, running it again goes on. What
an old queue still held at the switch arrives where it was: run it until it has nothing to move.
Exit status: 0; 1 where a database refused; 2 for a wrong setting.
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
from tools.shards import shard_of, shard_of_sql

# In the order of what refers to what. Identity columns are the other database's to give.
TABLES = {"worker_notifications": "", "items": "", "item_days": "", "alerts": "id, delivery_id"}


def move(source: psycopg.Connection, target: psycopg.Connection, asin: str) -> None:
    """Moves one item. A row that the target has already, by any of its keys, is left there."""
    # The source's locks first, in every move: two at once wait for each other in one order.
    for connection in (source, target):
        one_row(connection, "select begin_maintenance()")
    for connection in (source, target):
        one_row(connection, "select take_item_locks(array[%s])", (asin,))
    for table, without in TABLES.items():
        columns = [
            sql.Identifier(name)
            for (name,) in source.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
                " and not attisdropped and attname <> all (string_to_array(%s, ', '))",
                (table, without),
            )
        ]
        names, into = sql.SQL(", ").join(columns), sql.Identifier(table)
        texts = sql.SQL(", ").join(sql.SQL("{}::text").format(column) for column in columns)
        rows = source.execute(
            sql.SQL("select {} from {} where asin = %s").format(texts, into), (asin,)
        ).fetchall()
        if table == "alerts":  # no key tells that they were copied before a move that was cut short
            alert = "select row(rule, marketplace, item_condition, created_at)::text from alerts"
            there = set(target.execute(alert + " where asin = %s", (asin,)))
            here = source.execute(alert + " where asin = %s", (asin,)).fetchall()
            rows = [row for row, known in zip(rows, here, strict=True) if known not in there]
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
        insert = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
            into, names, marks
        )
        with target.cursor() as cursor:
            cursor.executemany(insert, rows)
    one_row(target, "select rebuild_current_state(%s)", (asin,))
    target.commit()
    for table in ("current_state", *reversed(TABLES)):
        statement = sql.SQL("delete from {} where asin = %s").format(sql.Identifier(table))
        source.execute(statement, (asin,))
    source.commit()


def split(urls: list[str]) -> int:
    """Moves all that is elsewhere than it belongs, and returns how many items that was."""
    shards = [connect(url) for url in urls]
    moved = 0
    for number, source in enumerate(shards, start=1):
        elsewhere = sql.SQL(
            "select asin from (select asin from worker_notifications"
            " union select asin from items union select asin from item_days"
            " union select asin from alerts) as s"
            " where asin is not null and {} <> %s order by lock_of_item(asin)"
        ).format(sql.SQL(shard_of_sql("asin", len(urls))))
        asins = source.execute(elsewhere, (number,)).fetchall()
        source.commit()
        for done, (asin,) in enumerate(asins, start=1):
            move(source, shards[shard_of(asin, len(urls)) - 1], asin)
            progress(f"shard {number} of {len(urls)}: {done} of {len(asins)} items moved")
        moved += len(asins)
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
        print(f"split: {error.diag.message_primary or error}; run it again", file=sys.stderr)
        return 1
    progress("")
    print(f"split: {moved} items moved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
