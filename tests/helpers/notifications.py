"""Notifications, for whoever makes some: what happened, how it is spelled, and ingesting it.

What happened is an OfferChange or a PricingHealth; None there is what the sender leaves out.
pascal(), camel() and original() spell it in the three ways that reach the queue, in_full() adds
what Amazon sends besides, sns() and event_bridge() wrap it, text() makes the message's body.
Prices are in the offer's currency; times have a time zone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
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
    """prime is the member of PrimeInformation that is true, more what details() made."""

    seller: str | None = RIVALS[0]
    listing: Decimal | None = Decimal(10)
    shipping: Decimal | None = None
    points: int | None = None
    fba: bool | None = None
    prime: str | None = None
    winner: bool | None = None
    more: Json = field(default_factory=dict)

    @property
    def landed(self) -> Decimal:
        """What a buyer pays for an offer that has a price."""
        return (self.listing or 0) + (self.shipping or 0) - Decimal(self.points or 0)


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
    change_type: str | None = None
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


def number(value: Decimal) -> int | float:
    """As Amazon writes an amount: a whole one as an integer."""
    return int(value) if value == int(value) else float(value)


def pascal(
    facts: Facts,
    amount: Callable[[Decimal], Any] = number,
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
        return (members or {}) | offer.more

    currency = facts.currency
    trigger = known(
        MarketplaceId=facts.marketplace,
        ASIN=facts.asin,
        ItemCondition=facts.condition,
        TimeOfOfferChange=when(facts.change_time),
        OfferChangeType=facts.change_type if isinstance(facts, OfferChange) else None,
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


def details(rng: Random, fba: bool, condition: str = "new") -> Json:
    """What Amazon says of an offer besides."""
    hours = (0, 0) if fba else (24, 48)
    return {
        "SubCondition": "new" if condition == "new" else "very_good",
        "SellerFeedbackRating": {
            "FeedbackCount": rng.randint(40, 90_000),
            "SellerPositiveFeedbackRating": rng.randint(88, 100),
        },
        "ShippingTime": {
            "MinimumHours": hours[0],
            "MaximumHours": hours[1],
            "AvailabilityType": "NOW",
            "AvailableDate": "",
        },
        "ShipsFrom": {"Country": "GB", "State": ""},
        "PrimeInformation": {"IsOfferPrime": fba, "IsOfferNationalPrime": fba},
        "IsFeaturedMerchant": True,
        "ShipsDomestically": True,
    }


def in_full(notification: Json, subscription: str) -> Json:
    """A PascalCase notification with what Amazon says around it and in a summary besides."""
    metadata = {"ApplicationId": "amzn1.sellerapps.app.demo", "SubscriptionId": subscription}
    for content in notification["Payload"].values():
        if "BuyBoxPrices" in (summary := content.get("Summary", {})):
            summary["LowestPrices"] = [
                price | {"FulfillmentChannel": "Amazon"} for price in summary["BuyBoxPrices"]
            ]
            summary["NumberOfBuyBoxEligibleOffers"] = summary["NumberOfOffers"]
    return notification | {
        "NotificationVersion": "1.0",
        "PayloadVersion": "1.0",
        "NotificationMetadata": metadata | notification.get("NotificationMetadata", {}),
    }


def camel(
    facts: Facts,
    amount: Callable[[Decimal], Any] = number,
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
    amount: Callable[[Decimal], Any] = number,
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
