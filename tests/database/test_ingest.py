"""Properties of ingest_notification, over generated messages. Every example is rolled back."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import notifications as n
import oracle
import psycopg
import pytest
import strategies as s
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

pytestmark = pytest.mark.ingest


def examples(count: int) -> settings:
    """The database is one test's and not one example's, and slowness is no verdict."""
    health = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    phases = [Phase.explicit, Phase.generate, Phase.shrink]
    return settings(max_examples=count, phases=phases, suppress_health_check=health)


def rows(db: psycopg.Connection, query: str, *parameters: object) -> list[dict[str, Any]]:
    return db.cursor(row_factory=dict_row).execute(query, parameters).fetchall()


# Any text is a body.

ABSENT = object()


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member and element inside a JSON value, outer ones first."""
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*prefix, key)
            yield from paths(member, (*prefix, key))


def put(value: Any, path: tuple[Any, ...], member: Any) -> Any:
    """A copy of a JSON value with this at the path, or nothing where this is ABSENT."""
    if not path:
        return None if member is ABSENT else member
    copy = value.copy()
    if len(path) == 1 and member is ABSENT:
        del copy[path[0]]
    else:
        copy[path[0]] = put(value[path[0]], path[1:], member)
    return copy


characters = st.characters(exclude_categories=["Cs"])
junk = st.one_of(
    st.just(ABSENT),
    st.sampled_from([None, True, 0, -1, 1e300, [], {}, [None], [1], {"Amount": "a lot"}]),
    st.sampled_from(["", " ", "NaN", "-5", "1e999999", "infinity", "yesterday", "B" * 21]),
    st.integers(),
    st.text(characters, max_size=20),
)


@st.composite
def broken_notifications(draw: st.DrawFn) -> str:
    """A notification, some members of which became something else or went missing."""
    facts = draw(s.offer_changes | s.pricing_healths)
    broken = draw(st.sampled_from([n.pascal, n.camel]))(facts)
    for _ in range(draw(st.integers(1, 3))):
        broken = put(broken, draw(st.sampled_from([(), *paths(broken)])), draw(junk))
    return n.text(
        draw(st.sampled_from(n.ENVELOPES))(broken) if isinstance(broken, dict) else broken
    )


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    """A notification's text, cut off or with something else in the middle."""
    _, body = draw(s.bodies())
    start = draw(st.integers(0, len(body)))
    end = start + draw(st.integers(0, 8))
    patches = ["", '"', "\\", "\\u0000", "\\ud800", "{", "]", "1e999", "é"]
    rest = body[end:] if draw(st.booleans()) else ""
    return body[:start] + draw(st.sampled_from(patches)) + rest


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)
any_body = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    json_values.map(json.dumps),
    broken_notifications(),
    broken_notifications(),
    damaged_texts(),
)

# Why a message may fail: our own errors, and those of a text or a number that no jsonb holds. Any
# other, such as a cast that went wrong, would tell nobody what to correct.
REASONS = {
    *(f"OC00{number}" for number in range(1, 9)),
    "invalid_text_representation",
    "untranslatable_character",
    "numeric_value_out_of_range",
    "statement_too_complex",
}


@examples(500)
@given(body=any_body)
@example(body="")
@example(body="null")
@example(body="[" * 60_000)
@example(body='{"NotificationType":"\\u0000"}')
@example(body='{"NotificationType":"\\ud800"}')
@example(body='{"NotificationType":"ORDER_CHANGE","Payload":1e400000}')
@example(body=n.text(n.pascal(n.OfferChange(asin="B" * 9000))))
@example(body=n.text(n.pascal(n.OfferChange()) | {"Padding": "x" * (1 << 20)}))
def test_any_body_is_stored_once_or_kept_as_a_failure(db: psycopg.Connection, body: str) -> None:
    with db.transaction(force_rollback=True):
        row = n.ingest(db, "m-1", body)
        event(row["error_type"] or row["outcome"])
        assert row["outcome"] in ("processed", "failed")
        assert row["acknowledge"] is (row["outcome"] == "processed")
        # Not the JSON, in which 1e7077 is longer than Python reads.
        query = "select id, dedupe_hash, trace_id, status, notification_type, processed_at"
        query += " from worker_notifications"
        kept = rows(db, query)
        items = n.current_state(db)
        failures = rows(
            db,
            "select message_id, raw_message #>> '{}' as body, dedupe_hash, error_type,"
            " error_message, trace_id, failure_count, resolved_at from worker_failures",
        )
        if row["outcome"] == "failed":
            assert row["error_type"] in REASONS, row["error_message"]
            assert row["error_message"]
            assert (row["notification_id"], kept, items) == (None, [], {})
            failure = {
                "message_id": "m-1",
                "body": body,
                "dedupe_hash": oracle.dedupe_hash(body),
                "error_type": row["error_type"],
                "error_message": row["error_message"],
                "trace_id": row["trace_id"],
                "failure_count": 1,
                "resolved_at": None,
            }
            assert failures == [failure]

            assert n.ingest(db, "m-1", body)["outcome"] == "failed"
            counts = rows(db, "select message_id, failure_count from worker_failures")
            assert counts == [{"message_id": "m-1", "failure_count": 2}]
        else:
            assert failures == []
            (stored,) = kept
            assert stored["id"] == row["notification_id"]
            assert stored["dedupe_hash"] == oracle.dedupe_hash(body)
            assert stored["trace_id"] == row["trace_id"]
            assert stored["status"] == "completed"
            kinds = ("ANY_OFFER_CHANGED", "PRICING_HEALTH")
            assert len(items) == (stored["notification_type"] in kinds)

            for message_id in ("m-1", "m-2"):
                again = n.ingest(db, message_id, body)
                assert again == row | {"outcome": "duplicate"}
            assert rows(db, query) == kept


@examples(150)
@given(body=any_body)
@example(body="")
@example(body='\\"asin\\":\\"' * 50_000)
def test_ingest_order_reads_a_number_off_any_text(db: psycopg.Connection, body: str) -> None:
    assert rows(db, "select ingest_order(%s) is not null as ok", body) == [{"ok": True}]


# What a message says.


def spelled(facts: n.Facts) -> list[n.Json]:
    """The facts in every spelling that can say them all."""
    spellings = [n.pascal(facts), n.camel(facts), n.pascal(facts, amount=str)]
    if isinstance(facts, n.OfferChange) and facts == n.plain(facts):
        spellings.append(n.original(facts))
    return spellings


@examples(400)
@given(message=s.bodies(s.offer_changes | s.offer_changes | s.pricing_healths))
def test_a_notification_means_what_the_oracle_says(
    db: psycopg.Connection, message: tuple[n.Facts, str]
) -> None:
    facts, body = message
    with db.transaction(force_rollback=True):
        row = n.ingest(db, "m-1", body)
        assert (row["outcome"], row["error_message"]) == ("processed", None)
        (stored,) = rows(db, "select * from worker_notifications")
        found = oracle.analyze(facts)
        time = facts.event_time or facts.change_time or facts.publish_time or stored["received_at"]
        severity = found.severity if found else "info"
        event(f"{type(facts).__name__} {severity}")
        assert (row["asin"], row["marketplace"]) == (facts.asin, facts.marketplace or n.UK)
        assert row["severity"] == severity
        assert stored["severity"] == severity
        assert stored["item_condition"] == (facts.condition or "new").lower()
        assert stored["event_time"] == time
        assert stored["publish_time"] == facts.publish_time
        notification_id = facts.notification_id and facts.notification_id.strip()
        assert stored["amazon_notification_id"] == notification_id
        expected = oracle.current_state([(replace(facts, event_time=time), body)])
        assert n.current_state(db) == expected


@examples(100)
@given(facts=s.offer_changes | s.pricing_healths | s.plain_offer_changes)
def test_every_spelling_of_the_same_facts_means_the_same(
    db: psycopg.Connection, facts: n.Facts
) -> None:
    spellings = [n.text(notification) for notification in spelled(facts)]
    analyses = rows(
        db,
        "select distinct to_jsonb(a) as analysis, array(select to_jsonb(o)"
        "   from extract_offers(s.notification::jsonb) as o order by o.ordinal) as offers"
        " from unnest(%s::text[]) as s (notification)"
        " cross join analyze_notification(s.notification::jsonb) as a",
        spellings,
    )
    assert len(analyses) == 1

    bodies = [n.text(wrap(notification)) for wrap in n.ENVELOPES for notification in spelled(facts)]
    locks = rows(db, "select distinct ingest_order(b) from unnest(%s::text[]) as b", bodies)
    assert len(locks) == 1


# The oracle's examples come near a threshold, not always onto it. Against rivals at 10.00:
@pytest.mark.parametrize(
    ("yours", "rivals", "severity"),
    [
        ("15", 10, "critical"),
        ("14.999", 10, "high"),  # 15.00 once it is rounded, which comes after
        ("15", 9, "high"),  # tenth
        ("12", 4, "high"),
        ("11.999", 4, "warning"),
        ("12", 3, "warning"),  # four offers
        ("12", 2, "success"),  # third
    ],
)
def test_severity_at_the_thresholds(
    db: psycopg.Connection, yours: str, rivals: int, severity: str
) -> None:
    offers = (n.Offer(n.SELLER, Decimal(yours)), *[n.Offer()] * rivals)
    body = n.text(n.pascal(n.OfferChange(offers=offers)))
    assert n.ingest(db, "m-1", body)["severity"] == severity


@pytest.mark.parametrize(("yours", "severity"), [("15", "critical"), ("14.999", "high")])
def test_severity_of_a_pricing_issue_at_the_threshold(
    db: psycopg.Connection, yours: str, severity: str
) -> None:
    facts = n.PricingHealth(merchant=n.Price(landed=Decimal(yours)), threshold=Decimal(10))
    assert n.ingest(db, "m-1", n.text(n.camel(facts)))["severity"] == severity


@pytest.mark.parametrize(
    "notification",
    [
        {"payload": {"offerChangeSummary": {"asin": "B0TEST0001", "offers": []}}},
        {"Payload": {"ASIN": "B0TEST0001"}},
    ],
)
def test_the_asin_is_found_where_the_original_looked(
    db: psycopg.Connection, notification: n.Json
) -> None:
    body = n.text(notification | {"notificationType": "ANY_OFFER_CHANGED"})
    row = n.ingest(db, "m-1", body)
    assert (row["outcome"], row["asin"]) == ("processed", "B0TEST0001")
    assert list(n.current_state(db)) == [("B0TEST0001", n.UK, "new")]


# The order of arrival.


@st.composite
def arrivals(
    draw: st.DrawFn,
) -> tuple[list[tuple[n.Facts, str]], list[tuple[n.Facts, str]]]:
    """One history in two orders of arrival, each with redeliveries of its own.

    Every message has a time: the others are ordered by their arrival.
    """
    dated = (s.offer_changes | s.pricing_healths).filter(
        lambda facts: facts.event_time or facts.change_time or facts.publish_time
    )
    history = draw(st.lists(s.bodies(dated), min_size=2, max_size=8, unique_by=lambda m: m[1]))
    orders = []
    for _ in range(2):
        again = draw(st.lists(st.sampled_from(history), max_size=3))
        orders.append(draw(st.permutations(history + again)))
    return orders[0], orders[1]


@examples(120)
@given(orders=arrivals())
def test_the_order_of_arrival_never_changes_current_state(
    db: psycopg.Connection,
    orders: tuple[list[tuple[n.Facts, str]], list[tuple[n.Facts, str]]],
) -> None:
    states = []
    for arrived in orders:
        with db.transaction(force_rollback=True):
            newest: dict[Any, Any] = {}
            bodies = set()
            for number, (facts, body) in enumerate(arrived):
                outcome = n.ingest(db, f"m-{number}", body)["outcome"]
                event(outcome)
                found = oracle.analyze(facts)
                if body in bodies:
                    assert outcome == "duplicate"
                elif found is None:
                    assert outcome == "processed"
                else:
                    register = (found.key, type(facts))
                    this = (found.time, oracle.dedupe_hash(body))
                    is_newest = register not in newest or this > newest[register]
                    assert outcome == ("processed" if is_newest else "stale")
                    newest[register] = max(this, newest.get(register, this))
                bodies.add(body)
            states.append(n.current_state(db))
    assert states[0] == states[1]
    assert states[0] == oracle.current_state(orders[0])


def test_a_wrong_clock_does_not_freeze_an_item(db: psycopg.Connection) -> None:
    far = datetime(2999, 1, 1, tzinfo=UTC)
    n.ingest(db, "m-1", n.text(n.pascal(n.OfferChange(event_time=far))))
    (stored,) = rows(db, "select event_time, received_at from worker_notifications")
    assert stored["event_time"] == far
    (state,) = n.current_state(db).values()
    assert state["event_time"] == stored["received_at"]

    ((now,),) = db.execute("select clock_timestamp()").fetchall()
    facts = n.OfferChange(event_time=now, offers=(n.Offer(),))
    body = n.text(n.pascal(facts, time=datetime.isoformat))
    assert n.ingest(db, "m-2", body)["outcome"] == "processed"
    (state,) = n.current_state(db).values()
    assert (state["event_time"], state["total_offers"]) == (now, 1)


# What is wrong with a message.

# A message in which everything stands that is read.
OFFER_CHANGE = n.pascal(
    n.OfferChange(
        change_time=n.START,
        publish_time=n.START,
        notification_id="n-1",
        offers=(
            n.Offer(shipping=Decimal(1), points=1, fba=True, prime="IsOfferPrime", winner=True),
            n.Offer(seller=n.SELLER, shipping=Decimal(1), prime="IsPrime"),
        ),
        counts=(n.Count("new", "Amazon", 2),),
        buy_box=(("new", n.Price(Decimal(10), Decimal(1), Decimal(11))),),
    )
)
PRICING_HEALTH = n.camel(
    n.PricingHealth(
        change_time=n.START,
        publish_time=n.START,
        notification_id="n-1",
        merchant=n.Price(Decimal(10), Decimal(1)),
        threshold=Decimal(9),
        buy_box=(("new", n.Price(Decimal(10), Decimal(1))),),
    )
)
CHANGED = ("Payload", "AnyOfferChangedNotification")
TRIGGER = (*CHANGED, "OfferChangeTrigger")
COUNTS = (*CHANGED, "Summary", "NumberOfOffers")
BUY_BOX = (*CHANGED, "Summary", "BuyBoxPrices")
OFFERS = (*CHANGED, "Offers")
MERCHANT = ("payload", "merchantOffer")
REFERENCE = ("payload", "summary", "referencePrice")
# Null is as good as absent, and an amount may be a string.
NO_OBJECT = [True, 5, "x", []]
NO_ELEMENT = [True, 5, "x"]  # an array in an array is a further dimension
NO_ARRAY = [True, 5, "x", {}]
NO_TEXT = [True, [], {}]
NO_BOOLEAN = [5, "perhaps", [], {}]
NO_TIME = [True, 5, [], {}, "yesterday", "infinity", "now", "1705314600", "15/01/2024"]
NO_TIME += ["2024-01-15T25:00:00Z", "2024-02-30T00:00:00Z", "Mon, 15 Jan 2024 10:30:00 GMT"]
NO_AMOUNT = [True, [], {}, -1, -0.01, "-1", "NaN", "Infinity", "1,5", "£5", "0x10", "", "1e999999"]
NO_COUNT = [*NO_AMOUNT, 3_000_000_000]
UNREADABLE = [
    (OFFER_CHANGE, ("NotificationType",), NO_TEXT),
    (OFFER_CHANGE, ("EventTime",), NO_TIME),
    (OFFER_CHANGE, ("NotificationMetadata",), NO_OBJECT),
    (OFFER_CHANGE, ("NotificationMetadata", "PublishTime"), NO_TIME),
    (OFFER_CHANGE, ("NotificationMetadata", "NotificationId"), NO_TEXT),
    (OFFER_CHANGE, ("Payload",), NO_OBJECT),
    (OFFER_CHANGE, CHANGED, NO_OBJECT),
    (OFFER_CHANGE, (*CHANGED, "SellerId"), NO_TEXT),
    (OFFER_CHANGE, TRIGGER, NO_OBJECT),
    (OFFER_CHANGE, (*TRIGGER, "MarketplaceId"), NO_TEXT),
    (OFFER_CHANGE, (*TRIGGER, "ASIN"), NO_TEXT),
    (OFFER_CHANGE, (*TRIGGER, "ItemCondition"), NO_TEXT),
    (OFFER_CHANGE, (*TRIGGER, "TimeOfOfferChange"), NO_TIME),
    (OFFER_CHANGE, (*CHANGED, "Summary"), NO_OBJECT),
    (OFFER_CHANGE, COUNTS, NO_ARRAY),
    (OFFER_CHANGE, (*COUNTS, 0), NO_ELEMENT),
    (OFFER_CHANGE, (*COUNTS, 0, "Condition"), NO_TEXT),
    (OFFER_CHANGE, (*COUNTS, 0, "OfferCount"), NO_COUNT),
    (OFFER_CHANGE, BUY_BOX, NO_ARRAY),
    (OFFER_CHANGE, (*BUY_BOX, 0), NO_ELEMENT),
    (OFFER_CHANGE, (*BUY_BOX, 0, "Condition"), NO_TEXT),
    (OFFER_CHANGE, (*BUY_BOX, 0, "LandedPrice"), NO_OBJECT),
    (OFFER_CHANGE, (*BUY_BOX, 0, "LandedPrice", "Amount"), NO_AMOUNT),
    (OFFER_CHANGE, OFFERS, NO_ARRAY),
    (OFFER_CHANGE, (*OFFERS, 0), NO_ELEMENT),
    (OFFER_CHANGE, (*OFFERS, 0, "SellerId"), NO_TEXT),
    (OFFER_CHANGE, (*OFFERS, 0, "ListingPrice"), NO_OBJECT),
    (OFFER_CHANGE, (*OFFERS, 0, "ListingPrice", "Amount"), NO_AMOUNT),
    (OFFER_CHANGE, (*OFFERS, 0, "ListingPrice", "CurrencyCode"), NO_TEXT),
    (OFFER_CHANGE, (*OFFERS, 0, "Shipping"), NO_OBJECT),
    (OFFER_CHANGE, (*OFFERS, 0, "Shipping", "Amount"), NO_AMOUNT),
    (OFFER_CHANGE, (*OFFERS, 0, "Points"), NO_OBJECT),
    (OFFER_CHANGE, (*OFFERS, 0, "Points", "PointsNumber"), NO_AMOUNT),
    (OFFER_CHANGE, (*OFFERS, 0, "IsFulfilledByAmazon"), NO_BOOLEAN),
    (OFFER_CHANGE, (*OFFERS, 0, "IsBuyBoxWinner"), NO_BOOLEAN),
    (OFFER_CHANGE, (*OFFERS, 0, "PrimeInformation"), NO_OBJECT),
    (OFFER_CHANGE, (*OFFERS, 0, "PrimeInformation", "IsOfferPrime"), NO_BOOLEAN),
    (OFFER_CHANGE, (*OFFERS, 1, "PrimeInformation", "IsPrime"), NO_BOOLEAN),
    (PRICING_HEALTH, ("payload", "issueType"), NO_TEXT),
    (PRICING_HEALTH, MERCHANT, NO_OBJECT),
    (PRICING_HEALTH, (*MERCHANT, "listingPrice"), NO_OBJECT),
    (PRICING_HEALTH, (*MERCHANT, "listingPrice", "amount"), NO_AMOUNT),
    (PRICING_HEALTH, (*MERCHANT, "shipping", "amount"), NO_AMOUNT),
    (PRICING_HEALTH, ("payload", "summary", "buyBoxPrices", 0, "shipping"), NO_OBJECT),
    (PRICING_HEALTH, REFERENCE, NO_OBJECT),
    (PRICING_HEALTH, (*REFERENCE, "competitivePriceThreshold"), NO_OBJECT),
    (PRICING_HEALTH, (*REFERENCE, "competitivePriceThreshold", "amount"), NO_AMOUNT),
]


def test_a_member_that_cannot_be_read_fails_the_message_and_is_named(
    db: psycopg.Connection,
) -> None:
    wrong = []
    for message, path, values in UNREADABLE:
        names = [name.lower() for name in path if isinstance(name, str)][-2:]
        for value in values:
            with db.transaction(force_rollback=True):
                row = n.ingest(db, "m-1", n.text(put(message, path, value)))
            said = (row["error_message"] or "").lower()
            if row["outcome"] != "failed" or not any(name in said for name in names):
                wrong.append(f"{path} = {value!r}: {row['outcome']}, {row['error_message']}")
    assert not wrong, "\n".join(wrong)


DATE = r"[12]\d{3}(-[01]\d-|[01]\d|-[01]\d|[01]\d-)[0-3]\d"
CLOCK = r"[ T][0-2]\d(:[0-6]\d:|[0-6]\d|:[0-6]\d|[0-6]\d:)[0-6]\d(\.\d{1,6})?"
ISO_LIKE = rf"{DATE}(({CLOCK}|T[0-2]\d:?[0-6]\d)(Z|[+-][01]\d(:?[0-6]\d)?)?)?"
EXTENDED = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?)?"
BASIC = r"\d{8}(T\d{4}(\d\d(\.\d+)?)?(Z|[+-](0\d|1[0-4])[0-5]\d)?)?"


@examples(300)
@given(text=st.from_regex(ISO_LIKE, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_an_iso_8601_time_is_read_as_python_reads_it_and_any_other_is_named(
    db: psycopg.Connection, text: str
) -> None:
    try:
        time = datetime.fromisoformat(text)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
    except ValueError:
        time = None
    with db.transaction(force_rollback=True):
        body = n.text(n.other() | {"EventTime": text})
        row = n.ingest(db, "m-1", body)
        event(row["outcome"])
        if row["outcome"] == "failed":
            assert row["error_type"] == "OC003", row["error_message"]
            assert "EventTime" in row["error_message"]
            assert not (time and re.fullmatch(f"{EXTENDED}|{BASIC}", text))
        elif time:
            assert rows(db, "select event_time from worker_notifications") == [{"event_time": time}]


@pytest.mark.parametrize(
    ("listing", "shipping", "fits"),
    [
        ("99999999.99", "0", True),
        ("99999999", "0.994", True),
        ("99999999", "0.995", False),
        ("100000000", "0", False),
        ("1e400", "0", False),
    ],
)
def test_a_price_fits_its_column_once_it_is_rounded(
    db: psycopg.Connection, listing: str, shipping: str, fits: bool
) -> None:
    offer = n.Offer(seller=n.SELLER, listing=Decimal(listing), shipping=Decimal(shipping))
    row = n.ingest(db, "m-1", n.text(n.pascal(n.OfferChange(offers=(offer,)), amount=str)))
    prices = [state["your_price"] for state in n.current_state(db).values()]
    if fits:
        assert (row["outcome"], prices) == ("processed", [Decimal("99999999.99")])
    else:
        assert (row["outcome"], prices) == ("failed", [])
        assert "price" in row["error_message"]
        assert len(row["error_message"]) < 200


@pytest.mark.parametrize("member", ["ListingPrice", "Shipping"])
def test_two_currencies_in_the_offers_fail_the_message(db: psycopg.Connection, member: str) -> None:
    body = n.text(put(OFFER_CHANGE, (*OFFERS, 1, member, "CurrencyCode"), "EUR"))
    row = n.ingest(db, "m-1", body)
    assert row["outcome"] == "failed"
    assert "EUR" in row["error_message"]
    assert "GBP" in row["error_message"]
