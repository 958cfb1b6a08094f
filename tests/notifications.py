"""Notifications for the tests: what happened, how it is spelled, and ingesting it.

What happened is an OfferChange or a PricingHealth; None there is what the sender leaves out.
pascal(), camel() and original() spell it in the three ways that reach the queue, sns() and
event_bridge() wrap it, text() makes the message's body. Hypothesis strategies stand at the end.
Prices are in the offer's currency; times have a time zone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import strategies as st
from psycopg.rows import dict_row

SELLER = "A1SELLER0000TEST"  # whom the notifications are for
OWN_SELLER = "A2D8NG39VURSL3"  # the one that the migrations put into own_sellers
RIVALS = ("A3RIVAL000001TEST", "A3RIVAL000002TEST", "A3RIVAL000003TEST")
UK, US, JAPAN = "A1F83G8C2ARO7P", "ATVPDKIKX0DER", "A1VC38T7YXB528"
START = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)

Json = dict[str, Any]


@dataclass(frozen=True)
class Price:
    listing: Decimal | None = None
    shipping: Decimal | None = None
    landed: Decimal | None = None
    points: int | None = None


@dataclass(frozen=True)
class Offer:
    """prime is the member of PrimeInformation that is true."""

    seller: str | None = RIVALS[0]
    listing: Decimal | None = Decimal(10)
    shipping: Decimal | None = None
    points: int | None = None
    fba: bool | None = None
    prime: str | None = None
    winner: bool | None = None


@dataclass(frozen=True)
class Count:
    """So many offers of this condition that this channel (Amazon or Merchant) fulfills."""

    condition: str
    channel: str
    offers: int


@dataclass(frozen=True)
class OfferChange:
    """ANY_OFFER_CHANGED, or its B2B sister. buy_box has a price a condition, ranks a sales rank a
    category. empty_summary: the Summary is there though nothing is in it."""

    asin: str = "B0TEST0001"
    marketplace: str | None = UK
    condition: str | None = "new"
    seller: str | None = SELLER
    event_time: datetime | None = START
    change_time: datetime | None = None
    publish_time: datetime | None = None
    notification_id: str | None = None
    offers: tuple[Offer, ...] = ()
    counts: tuple[Count, ...] = ()
    buy_box: tuple[tuple[str, Price], ...] = ()
    threshold: Decimal | None = None
    ranks: tuple[int | None, ...] = ()
    empty_summary: bool = False
    currency: str | None = "GBP"
    b2b: bool = False

    @property
    def has_summary(self) -> bool:
        return bool(self.counts or self.buy_box or self.ranks or self.empty_summary) or (
            self.threshold is not None
        )


@dataclass(frozen=True)
class PricingHealth:
    """PRICING_HEALTH. merchant is the seller's own offer, threshold the competitive price's."""

    asin: str = "B0TEST0001"
    marketplace: str | None = UK
    condition: str | None = "new"
    seller: str | None = SELLER
    event_time: datetime | None = START
    change_time: datetime | None = None
    publish_time: datetime | None = None
    notification_id: str | None = None
    issue: str | None = "BuyBoxDisqualification"
    merchant: Price | None = None
    threshold: Decimal | None = None
    buy_box: tuple[tuple[str, Price], ...] = ()
    currency: str | None = "GBP"


Facts = OfferChange | PricingHealth


# Spelling: PascalCase is written out, the others come from it.


def utc(time: datetime) -> str:
    """As Amazon writes a time."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pascal(
    facts: Facts,
    amount: Callable[[Decimal], Any] = float,
    time: Callable[[datetime], str] = utc,
) -> Json:
    """Amazon's PascalCase; amount and time say how those are written."""

    def known(**members: Any) -> Json | None:
        """An object of the members that are known; None where none is."""
        return {k: v for k, v in members.items() if v is not None} or None

    def when(moment: datetime | None) -> str | None:
        return None if moment is None else time(moment)

    def money(value: Decimal | None) -> Json | None:
        return None if value is None else known(Amount=amount(value), CurrencyCode=currency)

    def price(price: Price, **members: Any) -> Json | None:
        return known(
            **members,
            LandedPrice=money(price.landed),
            ListingPrice=money(price.listing),
            Shipping=money(price.shipping),
            Points=known(PointsNumber=price.points),
        )

    def offer(offer: Offer) -> Json:
        members = price(
            Price(offer.listing, offer.shipping, points=offer.points),
            SellerId=offer.seller,
            IsFulfilledByAmazon=offer.fba,
            PrimeInformation=offer.prime and {offer.prime: True},
            IsBuyBoxWinner=offer.winner,
        )
        return members or {}

    currency = facts.currency
    trigger = known(
        MarketplaceId=facts.marketplace,
        ASIN=facts.asin,
        ItemCondition=facts.condition,
        TimeOfOfferChange=when(facts.change_time),
    )
    buy_box = [price(p, Condition=condition) for condition, p in facts.buy_box] or None
    if isinstance(facts, OfferChange):
        kind = "B2B_ANY_OFFER_CHANGED" if facts.b2b else "ANY_OFFER_CHANGED"
        counts = [
            {"Condition": c.condition, "FulfillmentChannel": c.channel, "OfferCount": c.offers}
            for c in facts.counts
        ]
        ranks = [
            known(ProductCategoryId=f"category-{i}", Rank=rank)
            for i, rank in enumerate(facts.ranks)
        ]
        content = known(
            SellerId=facts.seller,
            OfferChangeTrigger=trigger,
            Summary=known(
                NumberOfOffers=counts or None,
                BuyBoxPrices=buy_box,
                CompetitivePriceThreshold=money(facts.threshold),
                SalesRankings=ranks or None,
            )
            or ({} if facts.has_summary else None),
            Offers=[offer(o) for o in facts.offers],
        )
        wrapper = "B2BAnyOfferChangedNotification" if facts.b2b else "AnyOfferChangedNotification"
        payload: Json | None = {wrapper: content}
    else:
        kind = "PRICING_HEALTH"
        threshold = known(CompetitivePriceThreshold=money(facts.threshold))
        payload = known(
            IssueType=facts.issue,
            SellerId=facts.seller,
            OfferChangeTrigger=trigger,
            MerchantOffer=facts.merchant and price(facts.merchant, Condition=facts.condition),
            Summary=known(BuyBoxPrices=buy_box, ReferencePrice=threshold),
        )
    metadata = known(PublishTime=when(facts.publish_time), NotificationId=facts.notification_id)
    notification = known(
        NotificationType=kind,
        EventTime=when(facts.event_time),
        Payload=payload,
        NotificationMetadata=metadata,
    )
    assert notification
    return notification


def camel(
    facts: Facts,
    amount: Callable[[Decimal], Any] = float,
    time: Callable[[datetime], str] = utc,
) -> Json:
    """Amazon's camelCase."""

    def lower(name: str) -> str:
        if name.isupper():
            return name.lower()
        start = 3 if name.startswith("B2B") else 1
        return name[:start].lower() + name[start:]

    def respell(value: Any) -> Any:
        if isinstance(value, dict):
            return {lower(name): respell(member) for name, member in value.items()}
        return [respell(member) for member in value] if isinstance(value, list) else value

    spelled: Json = respell(pascal(facts, amount, time))
    return spelled


def plain(facts: OfferChange) -> OfferChange:
    """As much of the facts as original() can say."""
    return OfferChange(
        asin=facts.asin,
        marketplace=facts.marketplace,
        condition=None,
        seller=None,
        event_time=facts.event_time,
        offers=tuple(Offer(o.seller, o.listing, fba=o.fba, winner=o.winner) for o in facts.offers),
        currency=None,
    )


def original(
    facts: OfferChange,
    amount: Callable[[Decimal], Any] = float,
    time: Callable[[datetime], str] = utc,
) -> Json:
    """The original worker's test messages, which know less: what plain() leaves."""
    full = camel(facts, amount, time)
    content = full["payload"]["anyOfferChangedNotification"]
    trigger = content["offerChangeTrigger"]
    payload: Json = {
        "anyOfferChangedNotification": {
            "asin": trigger["asin"],
            "offerChangeSummary": {"offers": content["offers"]},
        }
    }
    if facts.marketplace is not None:
        payload["marketplaceId"] = facts.marketplace
    spelled = {"notificationType": full["notificationType"], "payload": payload}
    return spelled | ({"eventTime": full["eventTime"]} if facts.event_time else {})


def sns(notification: Json) -> Json:
    """The notification in an SNS envelope."""
    return {
        "Type": "Notification",
        "MessageId": "5b1c0a4e-0000-4000-8000-000000000000",
        "TopicArn": "arn:aws:sns:eu-west-1:000000000000:offers",
        "Message": json.dumps(notification),
        "Timestamp": "2024-01-15T10:30:00.000Z",
    }


def event_bridge(notification: Json) -> Json:
    """The notification in an EventBridge envelope."""
    return {
        "version": "0",
        "id": "7d0c0a4e-0000-4000-8000-000000000000",
        "detail-type": notification.get("NotificationType", notification.get("notificationType")),
        "source": "aws.partner/sellingpartnerapi.amazon.com",
        "time": "2024-01-15T10:30:00Z",
        "detail": notification,
    }


def bare(notification: Json) -> Json:
    return notification


ENVELOPES = (bare, sns, event_bridge)


def text(notification: Json) -> str:
    """A message's body."""
    return json.dumps(notification)


def other(kind: str = "ORDER_CHANGE", **payload: Any) -> Json:
    """A notification of a kind that has no state."""
    return {"NotificationType": kind, "EventTime": utc(START), "Payload": payload}


# Ingesting.


def ingest(db: psycopg.Connection, message_id: str, body: str) -> Json:
    """The one row that ingest_notification returns for this message."""
    cursor = db.cursor(row_factory=dict_row)
    (row,) = cursor.execute(
        "select * from ingest_notification(%s, %s)", (message_id, body)
    ).fetchall()
    return row


def ingest_batch(db: psycopg.Connection, *messages: tuple[str, str]) -> list[Json]:
    """The rows that ingest_notification returns for this batch, in their order."""
    cursor = db.cursor(row_factory=dict_row)
    arrays = ([message_id for message_id, _ in messages], [body for _, body in messages])
    return cursor.execute(
        "select * from ingest_notification(%s::text[], %s::text[]) order by position", arrays
    ).fetchall()


def current_state(db: psycopg.Connection) -> dict[tuple[str, str, str], Json]:
    """The documented columns of each row of current_state, by its key.

    Without last_updated, and with last_hash, the last notification's dedupe_hash, in place of
    its id: both differ from run to run.
    """
    cursor = db.cursor(row_factory=dict_row)
    rows = cursor.execute(
        "select c.asin, c.marketplace, c.item_condition, your_price, market_low, prime_low,"
        " your_position, total_offers, buy_box_winner, buy_box_price, buy_box_seller,"
        " buy_box_is_fba, buy_box_suppressed, competitive_price, sales_rank, currency,"
        " c.event_time, pricing_issue, pricing_issue_time, reference_price, c.severity,"
        " n.dedupe_hash as last_hash"
        " from current_state as c"
        " left join worker_notifications as n on n.id = c.last_notification_id"
    ).fetchall()
    return {(row["asin"], row["marketplace"], row["item_condition"]): row for row in rows}


# Strategies. They choose from few values, so that prices and times are often equal and a history
# is often about the same item.

# Whole ones, so that a gap is often exactly at a threshold, and thousandths, which are rounded.
# Seldom far from ten: a market low of next to nothing makes every gap critical.
zeros = st.just(Decimal(0))
prices = st.one_of(
    st.sampled_from([Decimal(price) for price in (10, 10, 10, 11, 12, 15)]),
    st.decimals(10, 12, places=3),
    st.integers(0, 19).flatmap(lambda n: st.decimals(9, 20, places=2) if n else zeros),
)
own_prices = st.one_of(
    st.sampled_from([Decimal(price) for price in (11, 12, 13, 15, 18, 10)]),
    st.decimals(10, 20, places=3),
    st.integers(0, 9).flatmap(lambda n: st.decimals(9, 60, places=2) if n else zeros),
)
# What shipping costs, or nothing said of it.
shippings = st.sampled_from([None, None, Decimal(0), Decimal(1), Decimal("2.99")])
conditions = st.sampled_from(["new", "New", "used", "Used", "Collectible", None])
primes = st.sampled_from(
    ["IsOfferPrime", "IsPrime", "IsOfferNationalPrime", "IsNationalPrime", None, None]
)
booleans = st.sampled_from([True, False, None])
times = st.integers(0, 4).map(lambda n: START + timedelta(milliseconds=n * 500))
publish_times = st.none() | times
summary_prices = st.builds(
    Price, listing=st.none() | prices, shipping=shippings, landed=st.none() | prices
)
# At most one a condition, however that is spelled.
buy_boxes = st.lists(
    st.tuples(st.sampled_from(["new", "New", "Used", "used", "collectible"]), summary_prices),
    max_size=2,
    unique_by=lambda entry: entry[0].lower(),
).map(tuple)
counts = st.lists(
    st.builds(
        Count,
        condition=st.sampled_from(["new", "New", "used", "Collectible"]),
        channel=st.sampled_from(["Amazon", "Merchant"]),
        offers=st.integers(0, 30),
    ),
    max_size=3,
).map(tuple)
# Of the first category, which may be one without a rank; beyond an integer's half.
sales_ranks = st.lists(st.none() | st.integers(1, 2**31 - 1), max_size=2).map(tuple)
# As numbers, or as some producers send them.
amounts = st.sampled_from([float, str, lambda amount: f"{amount}e0"])
# With Z, with another offset, without one (which is UTC), in ISO 8601's basic format.
time_styles = st.sampled_from(
    [
        utc,
        lambda time: time.astimezone(timezone(timedelta(hours=-7))).isoformat(),
        lambda time: time.astimezone(UTC).replace(tzinfo=None).isoformat(),
        lambda time: time.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ"),
    ]
)


offer_members = {
    "shipping": shippings,
    "points": st.sampled_from([None, None, 0, 1, 30]),
    "fba": booleans,
    "prime": primes,
    "winner": st.sampled_from([None, None, None, False, False, True]),
}
rivals = st.builds(
    Offer,
    seller=st.sampled_from([*RIVALS, None]),
    listing=st.integers(0, 9).flatmap(lambda n: prices if n else st.none()),
    **offer_members,
)
own_offers = st.builds(
    Offer,
    seller=st.sampled_from([SELLER, OWN_SELLER]),
    listing=st.integers(0, 19).flatmap(lambda n: own_prices if n else st.none()),
    **offer_members,
)


@st.composite
def offer_lists(draw: st.DrawFn) -> tuple[Offer, ...]:
    """Up to 20 offers, some without a price."""
    size = draw(st.sampled_from([4, 3, 0, 1, 2, 6, 9, 12, 15, 18]))
    listed = draw(st.lists(rivals, min_size=size, max_size=size))
    own = draw(st.sampled_from([1, 1, 1, 0, 2]))
    for offer in draw(st.lists(own_offers, min_size=own, max_size=own)):
        listed.insert(draw(st.integers(0, len(listed))), offer)
    return tuple(listed)


asins = st.sampled_from(["B0TEST0001", "B0TEST0001", "B0TEST0002"])
marketplaces = st.sampled_from([UK, UK, JAPAN, None])
header = {
    "asin": asins,
    "marketplace": marketplaces,
    "condition": conditions,
    "seller": st.sampled_from([SELLER] * 9 + [None]),
    "publish_time": publish_times,
    "notification_id": st.sampled_from(["n-1", " n-2 ", None]),
    "event_time": st.integers(0, 3).flatmap(lambda n: times if n else st.none()),
    "change_time": publish_times,
    "currency": st.sampled_from(["GBP", "JPY", None]),
}
offer_changes = st.builds(
    OfferChange,
    **header,
    offers=offer_lists(),
    counts=counts,
    buy_box=buy_boxes,
    threshold=st.none() | prices,
    ranks=sales_ranks,
    empty_summary=st.booleans(),
    b2b=st.integers(0, 9).map(lambda n: n == 9),
)
pricing_healths = st.builds(
    PricingHealth,
    **header,
    issue=st.sampled_from(["BuyBoxDisqualification", "SomethingNew", None]),
    merchant=st.none()
    | st.builds(
        Price,
        listing=st.none() | own_prices,
        shipping=shippings,
        landed=st.none() | own_prices,
        points=st.sampled_from([None, 0, 1]),
    ),
    threshold=st.none() | prices,
    buy_box=buy_boxes,
)
plain_offer_changes = offer_changes.map(plain)


@st.composite
def bodies(
    draw: st.DrawFn, facts: st.SearchStrategy[Facts] = offer_changes | pricing_healths
) -> tuple[Facts, str]:
    """What happened with a body that tells of it, in any spelling and envelope."""
    fact = draw(facts)
    spell = draw(st.sampled_from([pascal, camel]))
    envelope = draw(st.sampled_from(ENVELOPES))
    return fact, text(envelope(spell(fact, draw(amounts), draw(time_styles))))
