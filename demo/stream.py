"""What the queue might bring a small seller in six hours: made up, but spelled as Amazon spells it.

The same seed gives the same stream; only its clock times follow `now`. ASINs and competitors are
invented (each has DEMO in it), so that nobody's real offer is meant.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

OWN_SELLER = "A2D8NG39VURSL3"
UK, DE, JP = "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A1VC38T7YXB528"
CURRENCY = {UK: "GBP", DE: "EUR", JP: "JPY"}
HOURS = 6.0
LISTED_AT_MOST = 20  # Amazon lists the top 20 offers and counts the rest in the summary
CHANNEL = {True: "Amazon", False: "Merchant"}

Notification = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A product of the seller's and what happens to it.

    story: (hour, lowest competitor, own price or None), prices as parts of `price`. Between two
    hours the competitor's slides and the own one stays: sellers reprice in steps, markets drift.
    """

    asin: str
    name: str
    price: float
    competitors: int
    story: tuple[tuple[float, float, float | None], ...]
    marketplace: str = UK
    condition: str = "new"
    own: str = "FBA"  # FBA, MFN (merchant-fulfilled) or both
    spread: float = 0.35  # the dearest competitor asks this part more than the cheapest
    points: int = 0
    spelling: str = "amazon"  # or "test": every third comes as the original worker's test message
    events: int = 24


# fmt: off
ITEMS = (
    Item("B0DEMO0012", "Bamboo board", 24.99, 27,
         ((0, 0.99, 0.98), (1.5, 0.9, 1.0), (4, 0.6, 1.0)), spread=1.4, events=44),
    Item("B0DEMO0029", "Garden hose 20 m", 42.50, 11, ((0, 0.97, 1.0), (3, 0.86, 1.02)), own="MFN"),
    Item("B0DEMO0035", "LED desk lamp", 34.99, 9,
         ((0, 1.0, 0.99), (2, 0.95, 1.0), (3.5, 0.76, 1.0)), events=30),
    Item("B0DEMO0041", "French press", 27.90, 8, ((0, 1.0, 0.98), (3, 0.98, 0.99), (5, 1.0, 0.97))),
    Item("B0DEMO0041", "French press", 15.50, 7, ((0, 0.95, 1.0), (4, 0.72, 0.98)),
         condition="used", own="MFN", spread=0.5, events=14),
    Item("B0DEMO0058", "Kitchen scale", 19.95, 12,
         ((0, 0.98, 0.97), (2, 0.9, 1.0), (5, 0.88, 1.0))),
    Item("B0DEMO0064", "Cable organiser", 12.49, 14, ((0, 1.0, 1.0), (2, 0.88, 1.0)),
         marketplace=DE, spread=0.3),
    Item("B0DEMO0070", "Yoga mat 6 mm", 21.99, 10, ((0, 0.99, 0.98), (2.5, 0.92, 1.03))),
    Item("B0DEMO0087", "Phone stand", 9.99, 15,
         ((0, 0.97, 0.98), (3, 0.95, 1.0), (4.5, 0.95, None))),
    Item("B0DEMO0093", "Steel bottle 1 l", 18.99, 18,
         ((0, 1.0, 0.98), (1, 0.93, 1.0), (2, 0.84, 0.92), (3.5, 0.8, 0.79), (5, 0.82, 0.8)),
         events=42),
    Item("B0DEMO0109", "Matcha whisk set", 2980, 6, ((0, 0.98, 1.01), (3, 0.97, 1.0)),
         marketplace=JP, points=149),
    Item("B0DEMO0115", "Wool socks 3 pairs", 16.75, 9, ((0, 1.0, 0.99), (4, 1.02, 1.0)),
         own="both"),
    Item("B0DEMO0121", "Bike repair kit", 22.40, 5, ((0, 1.0, 0.99), (2, 0.93, 1.05)),
         spelling="test"),
    Item("B0DEMO0138", "Chess set, wood", 39.00, 1, ((0, 1.1, 1.0), (3, 1.05, 1.0)), events=8),
)
# fmt: on
# What the seller keeps in items: asin, marketplace, sku, title, floor_price.
CATALOGUE = sorted(
    {
        (
            item.asin,
            item.marketplace,
            item.name.upper().replace(",", "").replace(" ", "-"),
            item.name,
            # of each what its new one is worth, less what he can spare
            round(max(i.price for i in ITEMS if i.asin == item.asin) * 0.7, 2),
        )
        for item in ITEMS
    }
)

# Amazon's complaints that a price is too high for the buy box: ASIN, hour, own price, threshold.
COMPLAINTS = (
    ("B0DEMO0093", 1.8, 1.0, 0.9),
    ("B0DEMO0035", 2.6, 1.0, 0.94),
    ("B0DEMO0029", 4.1, 1.02, 0.8),
    ("B0DEMO0058", HOURS, 1.0, 0.86),
    ("B0DEMO0029", HOURS, 1.02, 0.62),
)

# What breaks an ANY_OFFER_CHANGED: a member, and what it becomes; None takes it away.
CHANGE = ("Payload", "AnyOfferChangedNotification")
FAULTS: tuple[tuple[tuple[str | int, ...], object], ...] = (
    (("NotificationType",), None),
    (("EventTime",), "yesterday"),
    ((*CHANGE, "OfferChangeTrigger", "ASIN"), None),
    ((*CHANGE, "Offers"), "none"),
    ((*CHANGE, "Offers", 0, "ListingPrice", "Amount"), -4.99),
    ((*CHANGE, "Offers", 0, "ListingPrice", "Amount"), "free"),
    ((*CHANGE, "Offers", 1, "ListingPrice", "CurrencyCode"), "USD"),
    ((*CHANGE, "Offers", 0, "SubCondition"), "new\0"),  # legal JSON that jsonb refuses
)


@dataclass(frozen=True)
class Stream:
    """bodies: SQS bodies in order of arrival. duplicates, broken: how many of them are such."""

    bodies: list[str]
    duplicates: int
    broken: int


class Market:
    """The seller and his rivals, up to `now` (an aware time)."""

    def __init__(self, now: datetime, seed: int = 20) -> None:
        self.rng = random.Random(seed)
        self.end = now - timedelta(seconds=20)
        self.subscription = self.uuid()
        self.sellers = {
            (item.asin, item.condition): [self.seller() for _ in range(item.competitors)]
            for item in ITEMS
        }

    def six_hours(self) -> Stream:
        """The whole stream of the six hours before now."""
        timed = [event for item in ITEMS for event in self.offer_changes(item)]
        timed += self.pricing_health() + self.stateless()
        timed.sort(key=lambda event: event[0])
        arrivals = []
        for index, (_, body) in enumerate(timed):
            late = 60 if index % 29 == 7 else 0  # SQS promises no order
            arrivals.append((index + late + self.rng.uniform(0, 2), body))
        # At least once: the same body again, under the new message id that a second send gives it.
        twice = self.rng.sample(arrivals, 24)
        arrivals += [(at + self.rng.uniform(3, 90), body) for at, body in twice]
        # Early, so that their attempts run out while the rest is still being worked on.
        broken = self.broken()
        arrivals += [(self.rng.uniform(0, len(timed) / 4), body) for body in broken]
        arrivals.sort(key=lambda arrival: arrival[0])
        return Stream([body for _, body in arrivals], len(twice), len(broken))

    def event(self, now: datetime) -> str:
        """One more body: an item's offers stand now as they did at some hour of its story."""
        hour = self.rng.uniform(0, HOURS)
        self.end = now + timedelta(hours=HOURS - hour)
        return dumps(self.offers_changed(self.rng.choice(ITEMS), hour))

    # Kinds that have state

    def offer_changes(self, item: Item) -> list[tuple[float, str]]:
        hours = sorted(self.rng.uniform(0, HOURS) for _ in range(item.events))
        return [
            (hour, self.wrap(number, item, self.offers_changed(item, hour)))
            for number, hour in enumerate(hours)
        ]

    def offers_changed(self, item: Item, hour: float) -> Notification:
        market, own = self.levels(item, hour)
        offers = []
        for rank, seller in enumerate(self.sellers[item.asin, item.condition]):
            above = item.spread * rank / item.competitors + self.rng.uniform(0, 0.012)
            price = item.price * market * (1 + above)
            offers.append(self.offer(item, seller, price, self.rng.random() < 0.4))
        if own is not None:
            for channel in ("FBA", "MFN") if item.own == "both" else (item.own,):
                price = item.price * own * (1.04 if channel == "MFN" and item.own == "both" else 1)
                offers.append(self.offer(item, OWN_SELLER, price, channel == "FBA", item.points))
        offers.sort(key=landed)
        winner = min(offers, key=lambda o: landed(o) * (1 if o["IsFulfilledByAmazon"] else 1.05))
        winner["IsBuyBoxWinner"] = True
        counts = Counter(CHANNEL[offer["IsFulfilledByAmazon"]] for offer in offers)
        listed = offers[:LISTED_AT_MOST]
        self.rng.shuffle(listed)  # the order of Offers is not promised either
        trigger = {
            "MarketplaceId": item.marketplace,
            "ASIN": item.asin,
            "ItemCondition": item.condition,
            "TimeOfOfferChange": self.time(hour),
            "OfferChangeType": self.rng.choice(["Internal", "External", "FeaturedOffer"]),
        }
        condition = {"Condition": item.condition}
        lowest = {"FulfillmentChannel": CHANNEL[offers[0]["IsFulfilledByAmazon"]]}
        summary = {
            "NumberOfOffers": [
                {**condition, "FulfillmentChannel": channel, "OfferCount": count}
                for channel, count in counts.items()
            ],
            "LowestPrices": [{**condition, **lowest, **prices(offers[0])}],
            "BuyBoxPrices": [{"Condition": item.condition.title(), **prices(winner)}],
        }
        change = {"OfferChangeTrigger": trigger, "Summary": summary, "Offers": listed}
        if self.rng.random() < 0.8:  # SellerId can be absent: own_sellers knows the seller then
            change = {"SellerId": OWN_SELLER, **change}
        return self.notification("ANY_OFFER_CHANGED", hour, {"AnyOfferChangedNotification": change})

    def levels(self, item: Item, hour: float) -> tuple[float, float | None]:
        before = max((frame for frame in item.story if frame[0] <= hour), key=lambda f: f[0])
        after = min(
            (frame for frame in item.story if frame[0] > hour),
            key=lambda f: f[0],
            default=(HOURS, before[1], None),
        )
        share = (hour - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
        return before[1] + (after[1] - before[1]) * share, before[2]

    def offer(
        self, item: Item, seller: str, price: float, fba: bool, points: int = 0
    ) -> Notification:
        """An offer that lands at `price` before points, shipping included."""
        ships_free = fba or item.marketplace == JP
        shipping = 0 if ships_free else self.rng.choice([0, 0, 1.99, 2.99])
        return {
            "SellerId": seller,
            "SubCondition": "new" if item.condition == "new" else "very_good",
            "SellerFeedbackRating": {
                "FeedbackCount": self.rng.randint(40, 90_000),
                "SellerPositiveFeedbackRating": self.rng.randint(88, 100),
            },
            "ShippingTime": {
                "MinimumHours": 0 if fba else 24,
                "MaximumHours": 0 if fba else 48,
                "AvailabilityType": "NOW",
            },
            "ListingPrice": money(item, price - shipping),
            **({"Points": {"PointsNumber": points}} if points else {}),
            "Shipping": money(item, shipping),
            "IsFulfilledByAmazon": fba,
            "PrimeInformation": {"IsOfferPrime": fba, "IsOfferNationalPrime": fba},
            "IsFeaturedMerchant": True,
            "ShipsDomestically": True,
            "IsBuyBoxWinner": False,
        }

    def pricing_health(self) -> list[tuple[float, str]]:
        return [
            (hour, dumps(self.disqualified(asin, hour, own, threshold)))
            for asin, hour, own, threshold in COMPLAINTS
        ]

    def disqualified(self, asin: str, hour: float, own: float, threshold: float) -> Notification:
        item = next(item for item in ITEMS if item.asin == asin)

        def amount(part: float) -> Notification:
            return {"amount": round(item.price * part, 2), "currencyCode": CURRENCY[UK]}

        offer = {
            "condition": item.condition,
            "fulfillmentType": "MFN" if item.own == "MFN" else "AFN",
            "listingPrice": amount(own),
            "shipping": amount(0),
            "landedPrice": amount(own),
        }
        summary = {
            "numberOfOffers": [
                {"condition": item.condition, "fulfillmentType": "MFN", "offerCount": 3}
            ],
            "referencePrice": {"competitivePriceThreshold": amount(threshold)},
        }
        payload = {
            "issueType": "BuyBoxDisqualification",
            "sellerId": OWN_SELLER,
            "offerChangeTrigger": {
                "marketplaceId": item.marketplace,
                "asin": asin,
                "itemCondition": item.condition,
                "timeOfOfferChange": self.time(hour),
            },
            "merchantOffer": offer,
            "summary": summary,
        }
        hour += 0.001  # a moment after the offers it was derived from
        return {
            "notificationVersion": "1.0",
            "notificationType": "PRICING_HEALTH",
            "payloadVersion": "1.0",
            "eventTime": self.time(hour),
            "payload": payload,
            "notificationMetadata": {
                "notificationId": self.uuid(),
                "subscriptionId": self.subscription,
                "publishTime": self.time(hour, seconds=2),
            },
        }

    # Kinds without state, and what is no good

    def stateless(self) -> list[tuple[float, str]]:
        made = []
        for _ in range(12):
            hour = self.rng.uniform(0, HOURS)
            item = self.rng.choice(ITEMS)
            business = self.offers_changed(item, hour)
            change = business["Payload"].pop("AnyOfferChangedNotification")
            business["NotificationType"] = "B2B_ANY_OFFER_CHANGED"
            business["Payload"]["B2BAnyOfferChangedNotification"] = change
            made.append((hour, dumps(business)))
        for _ in range(18):
            hour = self.rng.uniform(0, HOURS)
            number = "-".join(str(self.rng.randrange(10**n, 10 ** (n + 1))) for n in (2, 6, 6))
            order = {
                "NotificationLevel": "OrderLevel",
                "SellerId": OWN_SELLER,
                "AmazonOrderId": number,
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {
                    "TimeOfOrderChange": self.time(hour),
                    "ChangeReason": "Order Status Change",
                },
                "Summary": {
                    "MarketplaceId": UK,
                    "FulfillmentType": "AFN",
                    "OrderStatus": self.rng.choice(["Pending", "Unshipped", "Shipped"]),
                },
            }
            payload = {"OrderChangeNotification": order}
            made.append((hour, dumps(self.notification("ORDER_CHANGE", hour, payload))))
        return made

    def broken(self) -> list[str]:
        bodies = []
        for item, (path, value) in zip(ITEMS, FAULTS, strict=False):
            notification = self.offers_changed(item, self.rng.uniform(0, HOURS))
            spoil(notification, path, value)
            bodies.append(dumps(notification))
        whole = dumps(self.offers_changed(ITEMS[0], HOURS))
        return [*bodies, whole[: whole.rindex('"SellerId"')]]  # cut off in the last offer

    # Spelling and envelopes

    def wrap(self, number: int, item: Item, notification: Notification) -> str:
        if item.spelling == "test" and number % 3 == 2:
            return dumps(as_test_message(notification))
        body = dumps(notification)
        match number % 8:
            case 3:
                return dumps(
                    {
                        "Type": "Notification",
                        "MessageId": self.uuid(),
                        "TopicArn": "arn:aws:sns:eu-west-1:000000000000:spapi-notifications",
                        "Message": body,
                        "Timestamp": notification["EventTime"],
                        "SignatureVersion": "1",
                    }
                )
            case 6:
                return dumps(
                    {
                        "version": "0",
                        "id": self.uuid(),
                        "detail-type": "ANY_OFFER_CHANGED",
                        "source": "aws.partner/sellingpartnerapi.amazon.com/demo",
                        "account": "000000000000",
                        "time": notification["EventTime"],
                        "region": "eu-west-1",
                        "resources": [],
                        "detail": notification,
                    }
                )
        return body

    def notification(self, kind: str, hour: float, payload: Notification) -> Notification:
        return {
            "NotificationVersion": "1.0",
            "NotificationType": kind,
            "PayloadVersion": "1.0",
            "EventTime": self.time(hour),
            "Payload": payload,
            "NotificationMetadata": {
                "ApplicationId": "amzn1.sellerapps.app.demo",
                "SubscriptionId": self.subscription,
                "PublishTime": self.time(hour, seconds=self.rng.uniform(0.2, 2.5)),
                "NotificationId": self.uuid(),
            },
        }

    def time(self, hour: float, seconds: float = 0) -> str:
        at = self.end - timedelta(hours=HOURS - hour) + timedelta(seconds=seconds)
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"

    def seller(self) -> str:
        return "ADEMO" + "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=8))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))


def money(item: Item, amount: float) -> Notification:
    """An amount as Amazon gives it: a whole one as an integer, and yen are always whole."""
    value = round(amount, 0 if item.marketplace == JP else 2)
    whole = int(value) if value == int(value) else value
    return {"Amount": whole, "CurrencyCode": CURRENCY[item.marketplace]}


def landed(offer: Notification) -> float:
    """What a buyer pays for a PascalCase offer: listing + shipping - points."""
    points = offer.get("Points", {}).get("PointsNumber", 0)
    return float(offer["ListingPrice"]["Amount"] + offer["Shipping"]["Amount"] - points)


def prices(offer: Notification) -> Notification:
    """The three prices of an offer as a summary lists them."""
    total = round(landed(offer), 2)
    return {
        "LandedPrice": {"Amount": total, "CurrencyCode": offer["ListingPrice"]["CurrencyCode"]},
        "ListingPrice": offer["ListingPrice"],
        "Shipping": offer["Shipping"],
    }


def as_test_message(notification: Notification) -> Notification:
    """The same news in the shape of the original worker's own test messages."""
    change = notification["Payload"]["AnyOfferChangedNotification"]
    trigger = change["OfferChangeTrigger"]
    offers = [
        {
            "sellerId": offer["SellerId"],
            "listingPrice": {"amount": round(landed(offer), 2)},
            "isFulfilledByAmazon": offer["IsFulfilledByAmazon"],
            "isBuyBoxWinner": offer["IsBuyBoxWinner"],
        }
        for offer in change["Offers"]
    ]
    return {
        "notificationType": notification["NotificationType"],
        "eventTime": notification["EventTime"],
        "payload": {
            "marketplaceId": trigger["MarketplaceId"],
            "anyOfferChangedNotification": {
                "asin": trigger["ASIN"],
                "offerChangeSummary": {"offers": offers},
            },
        },
    }


def spoil(notification: Notification, path: tuple[str | int, ...], value: object) -> None:
    """Puts the value at the path; None takes away what is there."""
    *way, last = path
    place: Any = notification
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value


def dumps(value: Notification) -> str:
    """Compact JSON, as Amazon sends it."""
    return json.dumps(value, separators=(",", ":"))
