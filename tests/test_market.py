"""What a seller asks every day: who changed what, who holds the buy box, what would win it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, LiteralString

import market_oracle
import notifications as n
import oracle
import psycopg
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]
X, Y = "B0TEST0001", "B0TEST0002"
# Days begin and end where events are: at midnight, a moment before, a moment after.
DAY = timedelta(days=1)
FIRST = datetime(2024, 1, 15, tzinfo=UTC)
DAYS = 6


def examples(count: int) -> settings:
    """The database is one test's and not one example's, and slowness is no verdict."""
    health = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count, suppress_health_check=health)


def rows(db: Connection, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
    return db.execute(query, parameters).fetchall()


def dicts(db: Connection, query: LiteralString, *parameters: object) -> list[n.Json]:
    return db.cursor(row_factory=dict_row).execute(query, parameters).fetchall()


def one(db: Connection, query: LiteralString, *parameters: object) -> Any:
    """The one value of a query's one row."""
    ((value,),) = rows(db, query, *parameters)
    return value


def ingest(db: Connection, *bodies: str) -> None:
    """Ingests as messages m-0, m-1, …, each of which must be stored."""
    for number, text in enumerate(bodies):
        assert n.ingest(db, f"m-{number}", text)["outcome"] in ("processed", "stale")


times = st.builds(
    lambda day, rest: FIRST + day * DAY + rest,
    st.integers(0, DAYS - 1),
    st.sampled_from(
        [
            timedelta(),
            timedelta(hours=8),
            timedelta(hours=8),
            timedelta(hours=20),
            DAY - timedelta(milliseconds=1),
        ]
    ),
)
dated = st.builds(
    lambda fact, time: replace(fact, event_time=time, change_time=None),
    n.offer_changes | n.offer_changes | n.pricing_healths,
    times,
)
histories = st.lists(n.bodies(dated), min_size=1, max_size=14, unique_by=lambda m: m[1])


def exact(row: n.Json) -> n.Json:
    """Numbers as fractions, to compare with the reference's."""
    return {k: Fraction(v) if isinstance(v, Decimal) else v for k, v in row.items()}


def comparable(found: list[n.Json]) -> list[list[tuple[str, str]]]:
    return sorted(sorted((k, repr(v)) for k, v in exact(row).items()) for row in found)


@examples(80)
@given(history=histories, since=times, until=times)
def test_offer_changes_are_those_of_the_reference(
    db: Connection, history: list[tuple[n.Facts, str]], since: datetime, until: datetime
) -> None:
    with db.transaction(force_rollback=True):
        ingest(db, *(body for _, body in history))
        found = dicts(db, "select * from offer_changes(%s, %s)", since, until)
        expected = market_oracle.offer_changes(history, since, until)
        event(f"{min(len(expected), 3)} changes at least")
        assert comparable(found) == comparable(expected)


# Days.

DAY_COLUMNS = (
    "events, your_open, your_low, your_high, your_close, market_low, market_close,"
    " buy_box_seconds, known_seconds, buy_box_won, buy_box_lost, success_s, info_s, warning_s,"
    " high_s, critical_s, pricing_issues"
)


def item_days(db: Connection) -> dict[tuple[Any, ...], n.Json]:
    query = psycopg.sql.SQL("select asin, marketplace, item_condition, day, {} from item_days")
    found = db.cursor(row_factory=dict_row).execute(query.format(psycopg.sql.SQL(DAY_COLUMNS)))
    key = ("asin", "marketplace", "item_condition", "day")
    return {tuple(row.pop(name) for name in key): exact(row) for row in found}


@examples(80)
@given(
    history=histories,
    steps=st.lists(st.tuples(st.integers(0, 14), st.integers(-1, DAYS + 1)), max_size=4),
)
def test_days_rolled_up_in_any_steps_are_those_of_the_reference(
    db: Connection, history: list[tuple[n.Facts, str]], steps: list[tuple[int, int]]
) -> None:
    """steps: after so many arrivals, up to that day."""
    last = FIRST.date() + (DAYS + 1) * timedelta(days=1)
    with db.transaction(force_rollback=True):
        for number, (_, body) in enumerate(history):
            for _, day in (step for step in steps if step[0] == number):
                db.execute("select roll_up_days(%s)", (FIRST.date() + timedelta(days=day),))
            n.ingest(db, f"m-{number}", body)
        db.execute("select roll_up_days(%s)", (last,))
        expected = {key: exact(row) for key, row in market_oracle.item_days(history, last).items()}
        assert item_days(db) == expected
        assert one(db, "select roll_up_days(%s)", last) == 0
        assert item_days(db) == expected
