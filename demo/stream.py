"""What the queue might bring a small seller in six hours: made up, but spelled as Amazon spells it.

The same seed gives the same stream; only its clock times follow `now`. ASINs and competitors are
invented (each has DEMO in it), so that nobody's real offer is meant.
"""

from __future__ import annotations

import random
import sys
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "helpers"))

import notifications as n

OWN_SELLER = n.OWN_SELLER
UK, DE, JP = n.UK, "A1PA6795UKMFR9", n.JAPAN
CURRENCY = {UK: "GBP", DE: "EUR", JP: "JPY"}
HOURS = 6.0
LISTED_AT_MOST = 20  # Amazon lists the top 20 offers and counts the rest in the summary
CHANNEL = {True: "Amazon", False: "Merchant"}


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
        return n.text(self.spell(self.offers_changed(self.rng.choice(ITEMS), hour)))

    # Kinds that have state

    def offer_changes(self, item: Item) -> list[tuple[float, str]]:
        hours = sorted(self.rng.uniform(0, HOURS) for _ in range(item.events))
        return [
            (hour, self.wrap(number, item, self.offers_changed(item, hour)))
            for number, hour in enumerate(hours)
        ]

    def offers_changed(self, item: Item, hour: float) -> n.OfferChange:
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
        offers.sort(key=lambda offer: offer.landed)
        winner = min(offers, key=lambda o: o.landed * (100 if o.fba else 105))
        counts = Counter(CHANNEL[bool(offer.fba)] for offer in offers)
        listed = [replace(offer, winner=offer is winner) for offer in offers[:LISTED_AT_MOST]]
        self.rng.shuffle(listed)  # the order of Offers is not promised either
        change_type = self.rng.choice(["Internal", "External", "FeaturedOffer"])
        buy_box = n.Price(winner.listing, winner.shipping, winner.landed)
        return n.OfferChange(
            asin=item.asin,
            marketplace=item.marketplace,
            condition=item.condition,
            currency=CURRENCY[item.marketplace],
            change_time=self.time(hour),
            change_type=change_type,
            # SellerId can be absent: own_sellers knows the seller then
            seller=OWN_SELLER if self.rng.random() < 0.8 else None,
            event_time=self.time(hour),
            publish_time=self.time(hour, seconds=self.rng.uniform(0.2, 2.5)),
            notification_id=self.uuid(),
            offers=tuple(listed),
            counts=tuple(n.Count(item.condition, *counted) for counted in counts.items()),
            buy_box=((item.condition.title(), buy_box),),
        )

    def levels(self, item: Item, hour: float) -> tuple[float, float | None]:
        before = max((frame for frame in item.story if frame[0] <= hour), key=lambda f: f[0])
        after = min(
            (frame for frame in item.story if frame[0] > hour),
            key=lambda f: f[0],
            default=(HOURS, before[1], None),
        )
        share = (hour - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
        return before[1] + (after[1] - before[1]) * share, before[2]

    def offer(self, item: Item, seller: str, price: float, fba: bool, points: int = 0) -> n.Offer:
        """An offer that lands at `price` before points, shipping included."""
        ships_free = fba or item.marketplace == JP
        shipping = 0 if ships_free else self.rng.choice([0, 0, 1.99, 2.99])
        return n.Offer(
            seller,
            listing=money(price - shipping, item.marketplace),
            shipping=money(shipping),
            points=points or None,
            fba=fba,
            more=n.details(self.rng, fba, item.condition),
        )

    def pricing_health(self) -> list[tuple[float, str]]:
        return [
            (hour, n.text(n.camel(self.disqualified(asin, hour, own, threshold))))
            for asin, hour, own, threshold in COMPLAINTS
        ]

    def disqualified(self, asin: str, hour: float, own: float, threshold: float) -> n.PricingHealth:
        item = next(item for item in ITEMS if item.asin == asin)
        price = money(item.price * own)
        later = hour + 0.001  # a moment after the offers it was derived from
        return n.PricingHealth(
            asin=asin,
            marketplace=item.marketplace,
            condition=item.condition,
            seller=OWN_SELLER,
            event_time=self.time(later),
            change_time=self.time(hour),
            publish_time=self.time(later, seconds=2),
            notification_id=self.uuid(),
            merchant=n.Price(price, money(0), price),
            threshold=money(item.price * threshold),
        )

    # Kinds without state, and what is no good

    def stateless(self) -> list[tuple[float, str]]:
        made = []
        for _ in range(12):
            hour = self.rng.uniform(0, HOURS)
            item = self.rng.choice(ITEMS)
            business = replace(self.offers_changed(item, hour), b2b=True)
            made.append((hour, n.text(self.spell(business))))
        for _ in range(18):
            hour = self.rng.uniform(0, HOURS)
            number = "-".join(str(self.rng.randrange(10**n, 10 ** (n + 1))) for n in (2, 6, 6))
            order = {
                "NotificationLevel": "OrderLevel",
                "SellerId": OWN_SELLER,
                "AmazonOrderId": number,
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {
                    "TimeOfOrderChange": n.utc(self.time(hour)),
                    "ChangeReason": "Order Status Change",
                },
                "Summary": {
                    "MarketplaceId": UK,
                    "FulfillmentType": "AFN",
                    "OrderStatus": self.rng.choice(["Pending", "Unshipped", "Shipped"]),
                },
            }
            notification = n.other("ORDER_CHANGE", OrderChangeNotification=order)
            notification["EventTime"] = n.utc(self.time(hour))
            notification["NotificationMetadata"] = {
                "PublishTime": n.utc(self.time(hour, seconds=self.rng.uniform(0.2, 2.5))),
                "NotificationId": self.uuid(),
            }
            made.append((hour, n.text(n.in_full(notification, self.subscription))))
        return made

    def broken(self) -> list[str]:
        bodies = []
        for item, (path, value) in zip(ITEMS, FAULTS, strict=False):
            notification = self.spell(self.offers_changed(item, self.rng.uniform(0, HOURS)))
            spoil(notification, path, value)
            bodies.append(n.text(notification))
        whole = n.text(self.spell(self.offers_changed(ITEMS[0], HOURS)))
        return [*bodies, whole[: whole.rindex('"SellerId"')]]  # cut off in the last offer

    # Spelling and envelopes

    def spell(self, facts: n.OfferChange) -> n.Json:
        return n.in_full(n.pascal(facts), self.subscription)

    def wrap(self, number: int, item: Item, facts: n.OfferChange) -> str:
        if item.spelling == "test" and number % 3 == 2:
            offers = tuple(replace(offer, listing=offer.landed) for offer in facts.offers)
            return n.text(n.original(n.plain(replace(facts, offers=offers))))
        notification = self.spell(facts)
        match number % 8:
            case 3:
                return n.text(n.sns(notification) | {"MessageId": self.uuid()})
            case 6:
                return n.text(n.event_bridge(notification) | {"id": self.uuid()})
        return n.text(notification)

    def time(self, hour: float, seconds: float = 0) -> datetime:
        return self.end - timedelta(hours=HOURS - hour) + timedelta(seconds=seconds)

    def seller(self) -> str:
        return "ADEMO" + "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=8))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))


def money(amount: float, marketplace: str = UK) -> Decimal:
    """To the smallest coin; yen are whole."""
    return Decimal(str(round(amount, 0 if marketplace == JP else 2)))


def spoil(notification: n.Json, path: tuple[str | int, ...], value: object) -> None:
    """Puts the value at the path; None takes away what is there."""
    *way, last = path
    place: Any = notification
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
