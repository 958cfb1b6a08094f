"""What a seller asks every day: who changed what, who holds the buy box, what would win it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, LiteralString

import market_oracle
import notifications as n
import oracle
import psycopg
import pytest
import strategies as s
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]
X, Y = "B0TEST0001", "B0TEST0002"
DAY = timedelta(days=1)
DAYS = 6
# The same each run, for at one time the bodies' hashes decide what comes first.
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
# Long enough ago to be pruned, and no longer: every day since has to be rolled up.
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
PRUNABLE = TODAY - (DAYS + 32) * DAY


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


def at(fact: n.Facts, time: datetime) -> n.Facts:
    return replace(fact, event_time=time, change_time=None)


def later(fact: n.Facts, by: timedelta) -> n.Facts:
    assert fact.event_time
    return at(fact, fact.event_time + by)


# Often the same, and at a day's very ends.
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
# Mostly one item, with few sellers, so that one event says something of the one before.
item = st.sampled_from(
    [*[{"asin": X, "marketplace": n.UK, "condition": c} for c in ("new", "New", "new", "used")], {}]
)
prices = st.sampled_from([Decimal(p) for p in ("9.5", "10", "10.004", "11")])
winners = st.sampled_from([True, False, None, None])
few_offers = st.lists(
    st.builds(
        n.Offer,
        seller=st.sampled_from([n.SELLER, n.OWN_SELLER, *n.RIVALS, *n.RIVALS, None]),
        listing=st.sampled_from([True, True, True, True, False]).flatmap(
            lambda priced: prices if priced else st.none()
        ),
        shipping=s.shippings,
        fba=s.booleans,
        winner=winners,
    ),
    max_size=5,
).map(tuple)
crowds = st.builds(
    lambda some, size: (some + tuple(n.Offer(f"A4{i}", Decimal(12)) for i in range(20)))[:size],
    few_offers,
    st.sampled_from([19, 20]),
)
dated = st.builds(
    lambda fact, time, item: at(replace(fact, **item), time),
    st.one_of(
        st.builds(replace, s.offer_changes, offers=few_offers),
        st.builds(replace, s.offer_changes, offers=few_offers | crowds, buy_box=st.just(())),
        s.pricing_healths,
    ),
    times,
    item,
)
windows = st.sampled_from(
    [(FIRST, FIRST + 9 * DAY), (FIRST + 2 * DAY, FIRST + 9 * DAY), (FIRST, FIRST + 3 * DAY)]
)
prunable = dated.map(lambda fact: later(fact, PRUNABLE - FIRST))
histories = st.lists(s.bodies(dated), min_size=1, max_size=14, unique_by=lambda m: m[1])


def exact(row: n.Json) -> n.Json:
    """Numbers as fractions, to compare with the reference's."""
    return {k: Fraction(v) if isinstance(v, Decimal) else v for k, v in row.items()}


def comparable(found: list[n.Json]) -> list[list[tuple[str, str]]]:
    return sorted(sorted((k, repr(v)) for k, v in exact(row).items()) for row in found)


@pytest.mark.parametrize("function", ["offer_changes", "buy_box_changes"])
@examples(80)
@given(history=histories, window=windows)
def test_changes_are_those_of_the_reference(
    db: Connection,
    function: LiteralString,
    history: list[tuple[n.Facts, str]],
    window: tuple[datetime, datetime],
) -> None:
    with db.transaction(force_rollback=True):
        ingest(db, *(body for _, body in history))
        found = dicts(db, "select * from " + function + "(%s, %s)", *window)
        expected = getattr(market_oracle, function)(history, *window)
        event(f"{min(len(expected), 3)} changes at least")
        assert comparable(found) == comparable(expected)


@examples(80)
@given(history=histories, window=windows)
def test_competitors_and_shares_are_those_of_the_reference(
    db: Connection, history: list[tuple[n.Facts, str]], window: tuple[datetime, datetime]
) -> None:
    with db.transaction(force_rollback=True):
        ingest(db, *(body for _, body in history))
        found = dicts(db, "select * from competitors(%s, %s)", *window)
        expected = market_oracle.competitors(history, *window)
        event(f"{min(len(expected), 3)} competitors at least")
        assert {row.pop("seller_id"): rounded(row) for row in found} == {
            seller: rounded(row) for seller, row in expected.items()
        }
        shares = rows(db, "select * from buy_box_share(%s, %s)", *window)
        of_items = market_oracle.buy_box_share(history, *window)
        assert {tuple(item): rounded({"share": share}) for *item, share in shares} == {
            item: rounded({"share": share}) for item, share in of_items.items()
        }


def rounded(row: n.Json) -> n.Json:
    """What is divided, to ten digits."""
    return {
        k: round(float(v), 10) if isinstance(v, Decimal | Fraction) else v for k, v in row.items()
    }


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


@examples(80)
@given(
    # No two at one time, for the hashes are not the same on another day.
    early=st.lists(
        st.tuples(s.bodies(prunable), st.sampled_from([True, True, False])),
        min_size=4,
        max_size=12,
        unique_by=lambda m: m[0][0].event_time,
    ),
    late=st.lists(
        s.bodies(prunable.map(lambda fact: later(fact, DAY / 24))),
        max_size=8,
        unique_by=lambda m: m[0].event_time,
    ),
    steps=st.lists(st.integers(-1, DAYS + 1), max_size=2),
)
def test_days_survive_pruning_and_late_events_change_what_is_not_final(
    db: Connection,
    early: list[tuple[tuple[n.Facts, str], bool]],
    late: list[tuple[n.Facts, str]],
    steps: list[int],
) -> None:
    """early is pruned where it is old and not the newest of its kind."""
    last = PRUNABLE.date() + (DAYS + 1) * timedelta(days=1)
    old = {body for (_, body), is_old in early if is_old}
    first = dict(pair[::-1] for pair, _ in early)
    then = {body: facts for facts, body in late if body not in first}
    history = [(facts, body) for body, facts in first.items()]
    with db.transaction(force_rollback=True):
        ingest(db, *first)
        db.execute(
            "update worker_notifications set received_at = %s where dedupe_hash = any (%s)",
            (PRUNABLE + (DAYS + 1) * DAY, [oracle.dedupe_hash(body) for body in old]),
        )
        with db.transaction(force_rollback=True):
            db.execute("select roll_up_days(%s)", (last,))
            rolled_up = item_days(db)
        pruned = one(db, "select prune_notifications('28 days')")
        gone = {market_oracle.day_of(f, b) for f, b in history if not stored(db, b)} - {None}
        event(f"{min(pruned, 2)} pruned at least")
        assert {k: v for k, v in item_days(db).items() if k[-1] <= last} == rolled_up
        for number, body in enumerate(then):
            n.ingest(db, f"late-{number}", body)
        for day in steps:
            db.execute("select roll_up_days(%s)", (PRUNABLE.date() + timedelta(days=day),))
        db.execute("select roll_up_days()")
        history += [(facts, body) for body, facts in then.items()]
        expected = market_oracle.item_days(history, last)
        for key, row in item_days(db).items():
            if key[-1] <= last:
                assert row == (rolled_up[key] if key in gone else exact(expected.pop(key)))
            expected.pop(key, None)
        assert not expected


def stored(db: Connection, body: str) -> bool:
    query = "select exists (select from worker_notifications where dedupe_hash = %s)"
    return bool(one(db, query, oracle.dedupe_hash(body)))
