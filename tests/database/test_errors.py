"""What a seller reads of a message that failed: what is wrong with it, and where."""

import json
import re
from decimal import Decimal
from typing import Any
from unicodedata import category

import notifications as n
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

pytestmark = pytest.mark.ingest
Connection = psycopg.Connection[Any]
GOOD = n.text(n.pascal(n.OfferChange(offers=(n.Offer(n.SELLER, Decimal("12.5")),))))


def with_price(text: str) -> str:
    assert '"Amount": 12.5' in GOOD
    return GOOD.replace('"Amount": 12.5', f'"Amount": {text}')


def failure(db: Connection, body: str) -> str:
    """The error's text, which the row returned and the one kept agree on."""
    row = n.ingest(db, "m-1", body)
    assert (row["outcome"], row["acknowledge"]) == ("failed", False)
    kept = db.execute("select error_message, raw_message #>> '{}' from worker_failures").fetchall()
    assert kept == [(row["error_message"], body)]
    return str(row["error_message"])


def readable(text: str) -> bool:
    return 0 < len(text) <= 300 and not any(category(character) == "Cc" for character in text)


# A body, and what its error must show of it.
UNREADABLE = {
    "no json": ("no json", "no"),
    "broken off": (GOOD[:-20], "Curren"),
    "a comma too much": (GOOD.replace('"Offers"', ', "Offers"'), "ItemCondition"),
    "a line's end": ('{"NotificationType": "AN\nY"}', "NotificationType"),
    "a control character": ('{"NotificationType": "AN\x01Y"}', "NotificationType"),
    "a null character": (GOOD.replace("GBP", r"G\u0000P"), r"G\u0000"),
    "half a surrogate": (GOOD.replace("GBP", r"G\ud800P"), r"G\ud800"),
    "no escape": (GOOD.replace("GBP", r"G\xP"), r"G\x"),
    "too large for numeric": (with_price("1e400000"), "1e400000"),
    "too many digits": (with_price("9" * 140_000), "9" * 20),
    "too large in text": (with_price('"1e9999"'), ""),
    "nested too deep": (with_price("[" * 100_000 + "]" * 100_000), ""),
    "an array nested too deep": ("[" * 500_000, "["),
    "an envelope's message": (n.text(n.sns({}) | {"Message": '{"a": nul}'}), "nul"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_message_that_cannot_be_read_fails_with_what_and_where(db: Connection, name: str) -> None:
    body, shows = UNREADABLE[name]
    text = failure(db, body)
    assert readable(text)
    assert shows in text
    assert re.search(r"\d|Amount|Message|nested", text), "neither a position nor a path"
    assert "stack" not in text


paths = [
    ("EventTime",),
    ("NotificationType",),
    ("Payload",),
    ("NotificationMetadata",),
    ("Payload", "AnyOfferChangedNotification", "OfferChangeTrigger", "ASIN"),
    ("Payload", "AnyOfferChangedNotification", "OfferChangeTrigger", "MarketplaceId"),
    ("Payload", "AnyOfferChangedNotification", "Offers"),
    ("Payload", "AnyOfferChangedNotification", "Offers", 0, "ListingPrice", "Amount"),
    ("Payload", "AnyOfferChangedNotification", "Offers", 0, "ListingPrice", "CurrencyCode"),
    ("Payload", "AnyOfferChangedNotification", "Offers", 0, "IsFulfilledByAmazon"),
]
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\n\t\x1b"),
    max_size=30,
).flatmap(lambda text: st.sampled_from([text, text * 40]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(paths), value=values)
def test_whatever_stands_in_a_member_its_error_is_short_and_printable(
    db: Connection, path: tuple[Any, ...], value: Any
) -> None:
    message = json.loads(GOOD)
    inner = message
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with db.transaction(force_rollback=True):
        row = n.ingest(db, "m-1", n.text(message))
    if row["outcome"] == "failed":
        assert readable(row["error_message"])


@pytest.mark.parametrize("name", ["", " ", "\t", "\n "])
def test_a_rule_set_has_a_name_that_one_can_see(db: Connection, name: str) -> None:
    with pytest.raises(errors.CheckViolation):
        db.execute("insert into severity_rules (name) values (%s)", (name,))
