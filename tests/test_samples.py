"""Amazon's own examples, each with the rows worked out by hand. tests/fixtures/README.md says
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

FIXTURES = Path(__file__).parent / "fixtures"

# What any notification's row holds unless its sample says otherwise.
NOTIFICATION: dict[str, Any] = {
    "asin": None,
    "item_condition": "new",
    "publish_time": None,
    "amazon_notification_id": None,
    "severity": "info",
    "status": "completed",
}
# What current_state holds unless the sample says otherwise.
STATE: dict[str, Any] = {
    "your_price": None,
    "market_low": None,
    "prime_low": None,
    "buy_box_price": None,
    "your_position": None,
    "total_offers": None,
    "buy_box_winner": False,
    "currency": None,
    "event_time": None,
    "pricing_issue": None,
    "pricing_issue_time": None,
}


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


# A sample's rows in worker_notifications and, where its kind has state, in current_state.
SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    # Two offers of others, at 28.59 and 28.69. The trigger's condition is Collectible and the
    # summary's counts and buy box are of new ones: both are another item's.
    "any-offer-changed.docs": (
        {
            "notification_type": "ANY_OFFER_CHANGED",
            "asin": "ysp2k4cziG",
            "marketplace": "marketplaceId",
            "item_condition": "collectible",
            "event_time": time("2020-01-11T00:09:53.109Z"),
            "publish_time": time("2020-01-11T00:02:50.501Z"),
            "amazon_notification_id": "2012e8e5-b365-4cb1-9fd8-be9dfc6d5eaf",
        },
        {
            "market_low": Decimal("28.59"),
            "total_offers": 2,
            "currency": "USD",
            "event_time": time("2020-01-11T00:09:53.109Z"),
        },
    ),
    # Both offers are the seller's: 29.99 by Amazon, which wins, and 24.99 + 4.99.
    "any-offer-changed.minimal": (
        {
            "notification_type": "ANY_OFFER_CHANGED",
            "asin": "B08N5WRWNW",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2024-01-15T10:30:00Z"),
            "severity": "success",
        },
        {
            "your_price": Decimal("29.98"),
            "market_low": Decimal("29.98"),
            "prime_low": Decimal("29.99"),
            "buy_box_price": Decimal("29.99"),
            "your_position": 1,
            "total_offers": 2,
            "buy_box_winner": True,
            "currency": "USD",
            "event_time": time("2024-01-15T10:30:00Z"),
        },
    ),
    # One offer of another, 23 + 110, whose points count in Japan only; ten new offers counted.
    "any-offer-changed.models": (
        {
            "notification_type": "ANY_OFFER_CHANGED",
            "asin": "123",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2020-07-13T19:42:04.284Z"),
            "publish_time": time("2020-07-13T19:42:04.284Z"),
            "amazon_notification_id": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        },
        {
            "market_low": Decimal("133.00"),
            "prime_low": Decimal("133.00"),
            "buy_box_price": Decimal("10.00"),
            "total_offers": 10,
            "currency": "USD",
            "event_time": time("2020-07-13T19:42:04.284Z"),
        },
    ),
    # The only offer is the seller's, 20 + 1: first of one. "New" in the summary is "new".
    "any-offer-changed.no-metadata": (
        {
            "notification_type": "ANY_OFFER_CHANGED",
            "asin": "B00V5DG6IQ",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2023-07-31T20:41:15.002Z"),
            "severity": "success",
        },
        {
            "your_price": Decimal("21.00"),
            "market_low": Decimal("21.00"),
            "buy_box_price": Decimal("10.00"),
            "your_position": 1,
            "total_offers": 1,
            "currency": "USD",
            "event_time": time("2023-07-31T20:41:15.002Z"),
        },
    ),
    # Another market, with prices of its own: stored, and no state.
    "b2b-any-offer-changed.docs-camelcase": (
        {
            "notification_type": "B2B_ANY_OFFER_CHANGED",
            "asin": "B007IBIWZY",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2020-09-23T21:30:13.713Z"),
            "publish_time": time("2020-09-23T21:30:16.903Z"),
            "amazon_notification_id": "23ae41cd-3537-4676-af46-6ee9abf8802e",
        },
        None,
    ),
    "b2b-any-offer-changed.pascalcase": (
        {
            "notification_type": "B2B_ANY_OFFER_CHANGED",
            "asin": "B007IBIWZY",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2020-09-23T21:30:13.713Z"),
            "publish_time": time("2020-09-23T21:30:16.903Z"),
            "amazon_notification_id": "23ae41cd-3537-4676-af46-6ee9abf8802e",
        },
        None,
    ),
    # 8188.72 is 2.4 % above the threshold of 8000.
    "pricing-health.models": (
        {
            "notification_type": "PRICING_HEALTH",
            "asin": "B007IBIWZY",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2020-09-23T21:30:13.713Z"),
            "publish_time": time("2020-09-23T21:30:16.903Z"),
            "amazon_notification_id": "23ae41cd-3537-4676-af46-6ee9abf8802e",
            "severity": "high",
        },
        {
            "pricing_issue": "BuyBoxDisqualification",
            "pricing_issue_time": time("2020-09-23T21:30:13.713Z"),
        },
    ),
    # 1300 is 33 % above the threshold of 980.
    "pricing-health.no-metadata": (
        {
            "notification_type": "PRICING_HEALTH",
            "asin": "B00V5DG6IQ",
            "marketplace": "ATVPDKIKX0DER",
            "event_time": time("2020-09-23T21:30:13.713Z"),
            "severity": "high",
        },
        {
            "pricing_issue": "BuyBoxDisqualification",
            "pricing_issue_time": time("2020-09-23T21:30:13.713Z"),
        },
    ),
    "other.fba_inventory_availability_change": (
        {
            "notification_type": "FBA_INVENTORY_AVAILABILITY_CHANGES",
            "asin": "B00001ABCD",
            "event_time": time("2020-07-13T19:42:04.284Z"),
            "publish_time": time("2020-07-13T19:42:04.284Z"),
            "amazon_notification_id": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        },
        None,
    ),
    "other.feed_processing_finished": (
        {
            "notification_type": "FEED_PROCESSING_FINISHED",
            "event_time": time("2020-07-13T19:42:04.284Z"),
            "publish_time": time("2020-07-13T19:42:04.284Z"),
            "amazon_notification_id": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        },
        None,
    ),
    "other.order_change": (
        {
            "notification_type": "ORDER_CHANGE",
            "event_time": time("2023-10-03T01:35:06.382Z"),
            "publish_time": time("2023-10-03T01:35:07.931Z"),
            "amazon_notification_id": "e9b0f38412345",
        },
        None,
    ),
}


def test_every_fixture_is_a_sample_with_expected_rows() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_becomes_the_rows_worked_out_by_hand(db: psycopg.Connection, name: str) -> None:
    db.execute("set application_name = 'worker-7'")
    body = (FIXTURES / f"{name}.json").read_bytes().decode()
    notification, state = SAMPLES[name]
    expected = NOTIFICATION | notification

    row = n.ingest(db, "m-1", body)
    assert (row["outcome"], row["acknowledge"], row["error_message"]) == ("processed", True, None)
    assert (row["asin"], row["severity"]) == (expected["asin"], expected["severity"])

    cursor = db.cursor(row_factory=dict_row)
    (stored,) = cursor.execute("select * from worker_notifications").fetchall()
    assert {column: stored[column] for column in expected} == expected
    assert stored["raw_notification"] == json.loads(body)
    assert stored["dedupe_hash"] == sha256(body.encode()).hexdigest()
    assert (stored["id"], stored["message_id"]) == (row["notification_id"], "m-1")
    assert (stored["trace_id"], stored["worker_id"]) == (row["trace_id"], "worker-7")
    assert stored["received_at"] <= stored["processed_at"]

    rows = cursor.execute("select * from current_state").fetchall()
    if state is None:
        assert rows == []
    else:
        key = {name: expected[name] for name in ("asin", "marketplace", "item_condition")}
        last = {"severity": expected["severity"], "last_notification_id": stored["id"]}
        expected_state = STATE | key | last | state
        assert [{column: row[column] for column in expected_state} for row in rows] == [
            expected_state
        ]
