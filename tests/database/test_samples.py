"""Amazon's own examples, each with what it says worked out by hand. tests/fixtures/README.md says
where they are from."""

import json
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import notifications as n
import psycopg
import pytest
from psycopg.rows import dict_row

pytestmark = pytest.mark.ingest

FIXTURES = Path(__file__).parents[1] / "fixtures"

# What analyze_notification says of any notification unless its sample says otherwise.
ANALYSIS: dict[str, Any] = {
    "asin": None,
    "marketplace": n.UK,
    "item_condition": "new",
    "publish_time": None,
    "amazon_notification_id": None,
    "severity": "info",
    "has_state": False,
    "your_price": None,
    "market_low": None,
    "prime_low": None,
    "buy_box_price": None,
    "competitive_price": None,
    "your_position": None,
    "total_offers": None,
    "buy_box_winner": None,
    "buy_box_seller": None,
    "buy_box_is_fba": None,
    "buy_box_suppressed": None,
    "sales_rank": None,
    "currency": None,
    "pricing_issue": None,
    "reference_price": None,
}
# What current_state holds of it: the columns of its kind's register, with its event time.
REGISTERS = {
    "ANY_OFFER_CHANGED": (
        *("your_price", "market_low", "prime_low", "buy_box_price", "competitive_price"),
        *("your_position", "total_offers", "buy_box_winner", "buy_box_seller", "buy_box_is_fba"),
        *("buy_box_suppressed", "sales_rank", "currency", "event_time"),
    ),
    "PRICING_HEALTH": ("pricing_issue", "reference_price", "pricing_issue_time"),
}
NO_STATE = {
    **dict.fromkeys(name for names in REGISTERS.values() for name in names),
    "buy_box_winner": False,
}


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


SAMPLES: dict[str, dict[str, Any]] = {
    # Two offers of others, at 28.59 and 28.69. The trigger's condition is Collectible and the
    # summary's counts and buy box are of new ones: both are another item's. The rank is any one's.
    "any-offer-changed.docs": {
        "notification_type": "ANY_OFFER_CHANGED",
        "asin": "ysp2k4cziG",
        "marketplace": "marketplaceId",
        "item_condition": "collectible",
        "event_time": time("2020-01-11T00:09:53.109Z"),
        "publish_time": time("2020-01-11T00:02:50.501Z"),
        "amazon_notification_id": "2012e8e5-b365-4cb1-9fd8-be9dfc6d5eaf",
        "market_low": Decimal("28.59"),
        "total_offers": 2,
        "buy_box_winner": False,
        "sales_rank": 4013,
        "currency": "USD",
    },
    # Both offers are the seller's: 29.99 by Amazon, which wins, and 24.99 + 4.99. Without a summary
    # nothing tells of suppression.
    "any-offer-changed.minimal": {
        "notification_type": "ANY_OFFER_CHANGED",
        "asin": "B08N5WRWNW",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2024-01-15T10:30:00Z"),
        "severity": "success",
        "your_price": Decimal("29.98"),
        "market_low": Decimal("29.98"),
        "prime_low": Decimal("29.99"),
        "buy_box_price": Decimal("29.99"),
        "your_position": 1,
        "total_offers": 2,
        "buy_box_winner": True,
        "buy_box_seller": "A3SELLER123",
        "buy_box_is_fba": True,
        "buy_box_suppressed": False,
        "currency": "USD",
    },
    # One offer of another, 23 + 110, whose points count in Japan only; ten new offers counted, the
    # 21 are used ones.
    "any-offer-changed.models": {
        "notification_type": "ANY_OFFER_CHANGED",
        "asin": "123",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2020-07-13T19:42:04.284Z"),
        "publish_time": time("2020-07-13T19:42:04.284Z"),
        "amazon_notification_id": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        "market_low": Decimal(133),
        "prime_low": Decimal(133),
        "buy_box_price": Decimal(10),
        "competitive_price": Decimal(22),
        "total_offers": 10,
        "buy_box_winner": False,
        "buy_box_suppressed": False,
        "sales_rank": 1,
        "currency": "USD",
    },
    # The only offer is the seller's, 20 + 1: first of one, though the buy box is at 10. "New" in
    # the summary is "new".
    "any-offer-changed.no-metadata": {
        "notification_type": "ANY_OFFER_CHANGED",
        "asin": "B00V5DG6IQ",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2023-07-31T20:41:15.002Z"),
        "severity": "success",
        "your_price": Decimal(21),
        "market_low": Decimal(21),
        "buy_box_price": Decimal(10),
        "your_position": 1,
        "total_offers": 1,
        "buy_box_winner": False,
        "buy_box_suppressed": False,
        "currency": "USD",
    },
    # Another market, with prices of its own: stored, and nothing is made of them.
    "b2b-any-offer-changed.docs-camelcase": {
        "notification_type": "B2B_ANY_OFFER_CHANGED",
        "asin": "B007IBIWZY",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2020-09-23T21:30:13.713Z"),
        "publish_time": time("2020-09-23T21:30:16.903Z"),
        "amazon_notification_id": "23ae41cd-3537-4676-af46-6ee9abf8802e",
    },
    "b2b-any-offer-changed.pascalcase": {
        "notification_type": "B2B_ANY_OFFER_CHANGED",
        "asin": "B007IBIWZY",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2020-09-23T21:30:13.713Z"),
        "publish_time": time("2020-09-23T21:30:16.903Z"),
        "amazon_notification_id": "23ae41cd-3537-4676-af46-6ee9abf8802e",
    },
    # 8188.72 is 2.4 % above the threshold of 8000.
    "pricing-health.models": {
        "notification_type": "PRICING_HEALTH",
        "asin": "B007IBIWZY",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2020-09-23T21:30:13.713Z"),
        "publish_time": time("2020-09-23T21:30:16.903Z"),
        "amazon_notification_id": "23ae41cd-3537-4676-af46-6ee9abf8802e",
        "severity": "high",
        "your_price": Decimal("8188.72"),
        "market_low": Decimal(8000),
        "buy_box_price": Decimal("8188.72"),
        "pricing_issue": "BuyBoxDisqualification",
        "reference_price": Decimal(8000),
    },
    # 1300 is 33 % above the threshold of 980; the buy box, at 1000, is not asked.
    "pricing-health.no-metadata": {
        "notification_type": "PRICING_HEALTH",
        "asin": "B00V5DG6IQ",
        "marketplace": "ATVPDKIKX0DER",
        "event_time": time("2020-09-23T21:30:13.713Z"),
        "severity": "high",
        "your_price": Decimal(1300),
        "market_low": Decimal(980),
        "buy_box_price": Decimal(1000),
        "pricing_issue": "BuyBoxDisqualification",
        "reference_price": Decimal(980),
    },
    # Its ASIN stands right in Payload; it speaks of two marketplaces, so of none in particular.
    "other.fba_inventory_availability_change": {
        "notification_type": "FBA_INVENTORY_AVAILABILITY_CHANGES",
        "asin": "B00001ABCD",
        "event_time": time("2020-07-13T19:42:04.284Z"),
        "publish_time": time("2020-07-13T19:42:04.284Z"),
        "amazon_notification_id": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
    },
    "other.feed_processing_finished": {
        "notification_type": "FEED_PROCESSING_FINISHED",
        "event_time": time("2020-07-13T19:42:04.284Z"),
        "publish_time": time("2020-07-13T19:42:04.284Z"),
        "amazon_notification_id": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
    },
    "other.order_change": {
        "notification_type": "ORDER_CHANGE",
        "event_time": time("2023-10-03T01:35:06.382Z"),
        "publish_time": time("2023-10-03T01:35:07.931Z"),
        "amazon_notification_id": "e9b0f38412345",
    },
}


def body(name: str) -> str:
    return (FIXTURES / f"{name}.json").read_bytes().decode()


def expected(name: str) -> dict[str, Any]:
    """The analysis of this sample, every column."""
    said = ANALYSIS | SAMPLES[name]
    return said | {"has_state": said["notification_type"] in REGISTERS}


def register(name: str) -> dict[str, Any]:
    """What current_state holds of this sample in its kind's register."""
    said = expected(name)
    said["pricing_issue_time"] = said["event_time"]
    return {column: said[column] for column in REGISTERS[said["notification_type"]]}


def states(db: psycopg.Connection) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The documented columns of current_state by its key, with the last message's id."""
    rows = db.cursor(row_factory=dict_row).execute(
        "select c.*, n.message_id as last_message from current_state as c"
        " inner join worker_notifications as n on n.id = c.last_notification_id"
    )
    columns = (*NO_STATE, "severity", "last_message")
    return {
        (row["asin"], row["marketplace"], row["item_condition"]): {c: row[c] for c in columns}
        for row in rows
    }


def test_every_fixture_is_a_sample_with_what_is_expected_of_it() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_says_what_was_worked_out_by_hand(db: psycopg.Connection, name: str) -> None:
    cursor = db.cursor(row_factory=dict_row)
    found = cursor.execute("select * from analyze_notification(%s)", (body(name),)).fetchall()
    assert found == [expected(name)]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_becomes_the_rows_worked_out_by_hand(db: psycopg.Connection, name: str) -> None:
    db.execute("set application_name = 'worker-7'")
    said = expected(name)
    row = n.ingest(db, "m-1", body(name))
    assert (row["outcome"], row["acknowledge"], row["error_message"]) == ("processed", True, None)

    (stored,) = db.cursor(row_factory=dict_row).execute("select * from worker_notifications")
    columns = [*("notification_type", "asin", "marketplace", "item_condition", "event_time")]
    columns += ["publish_time", "amazon_notification_id", "severity"]
    assert {column: stored[column] for column in columns} == {c: said[c] for c in columns}
    assert stored["raw_notification"] == json.loads(body(name))
    assert stored["dedupe_hash"] == sha256(body(name).encode()).hexdigest()
    assert (stored["id"], stored["message_id"]) == (row["notification_id"], "m-1")
    for column in ("asin", "marketplace", "severity", "trace_id"):
        assert row[column] == stored[column]
    assert (stored["status"], stored["worker_id"]) == ("completed", "worker-7")
    assert stored["received_at"] <= stored["processed_at"]

    if said["has_state"]:
        key = (said["asin"], said["marketplace"], said["item_condition"])
        last = {"severity": said["severity"], "last_message": "m-1"}
        assert states(db) == {key: NO_STATE | register(name) | last}
    else:
        assert states(db) == {}


def test_all_samples_together_leave_the_state_of_five_items(db: psycopg.Connection) -> None:
    messages = [(name, body(name)) for name in SAMPLES]
    found = n.ingest_batch(db, *messages)
    # No two of one kind are about the same item, so nothing is stale.
    assert [row["outcome"] for row in found] == ["processed"] * len(SAMPLES)
    us = "ATVPDKIKX0DER"
    both, issue = "any-offer-changed.no-metadata", "pricing-health.models"
    of_two = register(both) | register("pricing-health.no-metadata")
    assert states(db) == {
        ("ysp2k4cziG", "marketplaceId", "collectible"): NO_STATE
        | register("any-offer-changed.docs")
        | {"severity": "info", "last_message": "any-offer-changed.docs"},
        ("B08N5WRWNW", us, "new"): NO_STATE
        | register("any-offer-changed.minimal")
        | {"severity": "success", "last_message": "any-offer-changed.minimal"},
        ("123", us, "new"): NO_STATE
        | register("any-offer-changed.models")
        | {"severity": "info", "last_message": "any-offer-changed.models"},
        # The offers are three years newer than the issue.
        ("B00V5DG6IQ", us, "new"): of_two | {"severity": "success", "last_message": both},
        # The business offers of this item leave no state.
        ("B007IBIWZY", us, "new"): NO_STATE
        | register(issue)
        | {"severity": "high", "last_message": issue},
    }
    redriven = [(f"redriven {name}", text) for name, text in messages]
    assert n.ingest_batch(db, *redriven) == [row | {"outcome": "duplicate"} for row in found]
    assert db.execute("select from worker_failures").fetchall() == []
