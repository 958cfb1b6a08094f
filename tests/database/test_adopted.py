"""Rows of the original worker's that nobody can read, beside those that one can.

The original stored whatever came; this system would have refused some of it.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import notifications as n
import original
import psycopg
import pytest
from cluster import migrate

Connection = psycopg.Connection[Any]
X = "B0TEST0001"
UNREADABLE = '{"NotificationType": "ANY_OFFER_CHANGED", "EventTime": 5}'


def offers(price: int, minute: int) -> str:
    """A body by which the own offer has this price since this minute."""
    offer = n.Offer(seller=n.SELLER, listing=Decimal(price))
    time = n.START + timedelta(minutes=minute)
    return n.text(n.pascal(n.OfferChange(asin=X, event_time=time, offers=(offer,))))


def rebuilt(db: Connection) -> dict[Any, n.Json]:
    db.execute("select rebuild_current_state()")
    return n.current_state(db)


@pytest.mark.parametrize("unreadable", [0, 1, 2, 3])
@pytest.mark.parametrize("issue", [True, False], ids=["issue", "no issue"])
def test_rebuild_gives_the_same_before_and_after_pruning(
    empty_database_url: str, unreadable: int, issue: bool
) -> None:
    """Whatever cannot be read is the newest of nothing, and makes no other one superfluous."""
    url = empty_database_url
    original.make_tables(url)
    for minute in range(4):
        body = UNREADABLE if minute == unreadable else offers(10 + minute, minute)
        time = n.START + timedelta(minutes=minute)
        original.store(url, f"old-{minute}", body, X, event_time=time, received_at=time)
    # Of the same moment as the newest, and of another kind: no register is its.
    original.store(url, "b2b", UNREADABLE + " ", X, notification_type="B2B_ANY_OFFER_CHANGED")
    migrate(url)
    with psycopg.connect(url, autocommit=True) as db:
        if issue:  # what current_state then shows last
            facts = n.PricingHealth(asin=X, event_time=n.START + timedelta(hours=1))
            assert n.ingest(db, "issue", n.text(n.pascal(facts)))["outcome"] == "processed"
        before = rebuilt(db)
        newest_readable = 3 - (unreadable == 3)
        ((_, row),) = before.items()
        assert row["your_price"] == 10 + newest_readable
        ((pruned,),) = db.execute("select prune_notifications('30 days')").fetchall()
        assert pruned > 0
        assert n.current_state(db) == before
        assert rebuilt(db) == before


READERS = (
    "select * from price_history",
    "select * from severity_changes",
    "select * from item_events",
    "select * from preview_severity('default', '-infinity', 'infinity')",
    "select * from rerun_severity()",
    "select rebuild_current_state()",
    "select * from buy_box_share('-infinity', 'infinity')",
    "select * from offer_changes('-infinity', 'infinity')",
    "select * from buy_box_changes('-infinity', 'infinity')",
    "select * from competitors('-infinity', 'infinity')",
    "select * from preview_alerts('critical', '-infinity', 'infinity')",
    "select * from item_now",
    "select roll_up_days()",
    "select * from days_report",
    "select prune_notifications('30 days', 1)",
)


@pytest.mark.parametrize("readable", [1, 3, 100])
def test_readers_leave_out_what_cannot_be_read_by_whatever_plan(
    empty_database_url: str, readable: int
) -> None:
    url = empty_database_url
    original.make_tables(url)
    time = n.START - timedelta(days=1)
    original.store(url, "bad", UNREADABLE, X, event_time=time, received_at=time)
    for minute in range(readable):
        time = n.START + timedelta(minutes=minute)
        original.store(
            url, f"old-{minute}", offers(10, minute), X, event_time=time, received_at=time
        )
    migrate(url)
    joins = ("nestloop", "hashjoin", "mergejoin")
    with psycopg.connect(url, autocommit=True) as db:
        for statistics in ("", "vacuum analyze"):
            db.execute(statistics)
            for unwanted in ((), *combinations(joins, 1), *combinations(joins, 2)):
                db.execute("reset all; set jit = off")
                for join in unwanted:
                    db.execute(f"set enable_{join} = off")
                for query in READERS:
                    db.execute(query)


@pytest.mark.parametrize(
    "members",
    [
        {"Offers": [{"ListingPrice": "cheap"}]},
        {"Offers": {"none": True}},
        {"Offers": [None, 5]},
        {"Summary": "short", "OfferChangeTrigger": {"ASIN": X, "ItemCondition": "new"}},
    ],
    ids=lambda members: next(iter(members)),
)
def test_what_bears_on_no_state_is_explained_whatever_its_members_are(
    db: Connection, members: n.Json
) -> None:
    message = n.pascal(n.OfferChange(asin=X, b2b=True))
    message["Payload"]["B2BAnyOfferChangedNotification"] |= members
    assert n.ingest(db, "b2b", n.text(message))["outcome"] == "processed"
    explained = db.execute("select part, item, value from explain_severity('b2b')").fetchall()
    assert ("result", "severity", "info") in explained
    assert ("result", "severity stored", "info") in explained


@pytest.mark.parametrize(
    ("body", "says"), [(UNREADABLE, "EventTime"), ("{}", "NotificationType"), ('"text"', "object")]
)
def test_the_explanation_of_what_cannot_be_read_says_what_is_wrong_with_it(
    empty_database_url: str, body: str, says: str
) -> None:
    original.make_tables(empty_database_url)
    original.store(empty_database_url, "old", body, X)
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as db:
        explained = db.execute("select part, item, value from explain_severity('old')").fetchall()
    assert ("result", "severity stored", "info") in explained
    ((reason,),) = [(value,) for _, item, value in explained if item == "decided by"]
    assert says in reason
    assert "  " not in reason  # a path that is missing
