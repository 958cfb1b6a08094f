"""Notifications to measure with: ANY_OFFER_CHANGED, made up, spelled and sized as Amazon's are.

Of 3, 8 or 20 offers (3, 6 and 13 KB of JSON), about ITEMS items of one seller, their events in the
order of time. Sellers and ASINs are invented.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import notifications as n

OWN_SELLER = "A0BENCHOWNER1"
MARKETPLACE = n.UK
ITEMS = 500
START = datetime.now(UTC) - timedelta(hours=1)  # later than all that bench.fill() stores


@dataclass(frozen=True)
class Message:
    """What SQS delivers, and what a bare insert would be told of it."""

    message_id: str
    body: str
    asin: str
    event_time: datetime


def messages(offers: int, seed: int = 1, items: int = ITEMS) -> Iterator[Message]:
    """Endless messages with so many offers each; the same seed gives the same ones in one run."""
    rng = random.Random(seed)
    sellers = ["A0BENCH" + "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=6)) for _ in range(60)]
    at = START
    while True:
        at += timedelta(milliseconds=rng.randrange(1, 20))
        item = rng.randrange(items)
        asin = f"B0BENCH{item:06}"
        facts = offer_change(rng, asin, at, 8 + item % 90, rng.sample(sellers, offers - 1))
        body = n.text(n.in_full(n.pascal(facts), _uuid(rng)))
        yield Message(_uuid(rng), body, asin, at)


def offer_change(
    rng: random.Random, asin: str, at: datetime, price: float, rivals: list[str]
) -> n.OfferChange:
    """An offer of each rival's and the own one, at about this price in pounds."""
    offers = [_offer(rng, seller, price) for seller in (*rivals, OWN_SELLER)]
    rng.shuffle(offers)
    winner = min(offers, key=lambda offer: offer.landed)
    by_amazon = sum(bool(offer.fba) for offer in offers)
    counts = {"Amazon": by_amazon, "Merchant": len(offers) - by_amazon}
    return n.OfferChange(
        asin=asin,
        seller=OWN_SELLER,
        event_time=at,
        change_time=at,
        change_type="External",
        publish_time=at + timedelta(seconds=1),
        notification_id=_uuid(rng),
        offers=tuple(replace(offer, winner=offer is winner) for offer in offers),
        counts=tuple(n.Count("new", *counted) for counted in counts.items()),
        buy_box=(("new", n.Price(winner.listing, winner.shipping, winner.landed)),),
    )


def _offer(rng: random.Random, seller: str, price: float) -> n.Offer:
    by_amazon = rng.random() < 0.5
    listing = Decimal(str(round(price * rng.uniform(1, 1.4), 2)))
    shipping = Decimal("0" if by_amazon else rng.choice(["0", "1.99", "2.99"]))
    more = n.details(rng, by_amazon)
    return n.Offer(seller, listing, shipping, fba=by_amazon, more=more)


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
