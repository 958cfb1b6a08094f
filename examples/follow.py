"""Prints every row of current_state, then each one that changes, without polling for it.

    DATABASE_URL=postgresql://user:password@host/db python examples/follow.py

The user needs the role buybox_ui. The URL must be that of Postgres itself: PgBouncer in transaction
mode passes no notifications on. Needs psycopg 3.2 or newer.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row

# last_updated is when a row's transaction began, not when it committed: a row can become visible
# after one with a greater last_updated. So each read goes back this far before the newest row seen.
# It must be longer than any transaction that writes current_state; the relay's take 8 s at most.
OVERLAP = "5 minutes"
# Seconds after which it reads without having been told, should a notification be lost on the way.
AT_LEAST_EVERY = 60

CHANGED = """
select asin, marketplace, item_condition, severity, your_price, market_low, currency,
  your_position, total_offers, buy_box_winner, pricing_issue, last_updated
from current_state
where last_updated >= %s::timestamptz - %s::interval
order by last_updated
"""


def follow(database_url: str) -> Iterator[dict[str, Any]]:
    """Yields each row of current_state, and each row again when it has changed. Never returns."""
    known: dict[tuple[str, ...], dict[str, Any]] = {}
    newest: object = "-infinity"
    while True:
        try:
            with psycopg.connect(database_url, autocommit=True, row_factory=dict_row) as db:
                db.execute("listen current_state")  # before the first read: nothing falls between
                while True:
                    for row in db.execute(CHANGED, [newest, OVERLAP]).fetchall():
                        newest = row["last_updated"]
                        item = row["asin"], row["marketplace"], row["item_condition"]
                        if known.get(item) != row:  # the overlap brings rows that we know
                            known[item] = row
                            yield row
                    for _ in db.notifies(timeout=AT_LEAST_EVERY, stop_after=1):
                        pass
        except psycopg.OperationalError as error:
            print(f"not connected, trying again: {error}", flush=True)
            time.sleep(5)


if __name__ == "__main__":
    for row in follow(os.environ["DATABASE_URL"]):
        print(
            f"{row['severity']} {row['asin']} {row['marketplace']} {row['item_condition']}: "
            f"yours {row['your_price']}, lowest {row['market_low']} {row['currency']}",
            flush=True,
        )
