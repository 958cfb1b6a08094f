"""Notifications to measure with: ANY_OFFER_CHANGED, made up, spelled and sized as Amazon's are.

Of 3, 8 or 20 offers (3, 6 and 13 KB of JSON), about ITEMS items of one seller, their events in the
order of time. Sellers and ASINs are invented.
"""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

OWN_SELLER = "A0BENCHOWNER1"
MARKETPLACE = "A1F83G8C2ARO7P"
ITEMS = 500
START = datetime.now(UTC) - timedelta(hours=1)  # later than all that bench.fill() stores

Json = dict[str, Any]


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
        notification = offer_change(rng, asin, at, 8 + item % 90, rng.sample(sellers, offers - 1))
        yield Message(_uuid(rng), json.dumps(notification), asin, at)


def offer_change(
    rng: random.Random, asin: str, at: datetime, price: float, rivals: list[str]
) -> Json:
    """One notification: an offer of each rival's and the own one, at about this price in pounds."""
    offers = [_offer(rng, seller, price) for seller in (*rivals, OWN_SELLER)]
    rng.shuffle(offers)
    winner = min(offers, key=lambda offer: float(offer["ListingPrice"]["Amount"]))
    winner["IsBuyBoxWinner"] = True
    prices = {
        "LandedPrice": winner["ListingPrice"],
        "ListingPrice": winner["ListingPrice"],
        "Shipping": _money(0),
    }
    by_amazon = sum(offer["IsFulfilledByAmazon"] for offer in offers)
    counts = (("Amazon", by_amazon), ("Merchant", len(offers) - by_amazon))
    condition = {"Condition": "new"}
    return {
        "NotificationVersion": "1.0",
        "NotificationType": "ANY_OFFER_CHANGED",
        "PayloadVersion": "1.0",
        "EventTime": _time(at),
        "Payload": {
            "AnyOfferChangedNotification": {
                "SellerId": OWN_SELLER,
                "OfferChangeTrigger": {
                    "MarketplaceId": MARKETPLACE,
                    "ASIN": asin,
                    "ItemCondition": "new",
                    "TimeOfOfferChange": _time(at),
                    "OfferChangeType": "External",
                },
                "Summary": {
                    "NumberOfOffers": [
                        {**condition, "FulfillmentChannel": channel, "OfferCount": count}
                        for channel, count in counts
                    ],
                    "LowestPrices": [{**condition, "FulfillmentChannel": "Amazon", **prices}],
                    "BuyBoxPrices": [{**condition, **prices}],
                    "NumberOfBuyBoxEligibleOffers": [
                        {**condition, "FulfillmentChannel": channel, "OfferCount": count}
                        for channel, count in counts
                    ],
                },
                "Offers": offers,
            }
        },
        "NotificationMetadata": {
            "ApplicationId": "amzn1.sellerapps.app.bench",
            "SubscriptionId": _uuid(rng),
            "PublishTime": _time(at + timedelta(seconds=1)),
            "NotificationId": _uuid(rng),
        },
    }


def _offer(rng: random.Random, seller: str, price: float) -> Json:
    by_amazon = rng.random() < 0.5
    return {
        "SellerId": seller,
        "SubCondition": "new",
        "SellerFeedbackRating": {
            "FeedbackCount": rng.randrange(40, 90_000),
            "SellerPositiveFeedbackRating": rng.randrange(88, 101),
        },
        "ShippingTime": {
            "MinimumHours": 0 if by_amazon else 24,
            "MaximumHours": 0 if by_amazon else 48,
            "AvailabilityType": "NOW",
            "AvailableDate": "",
        },
        "ListingPrice": _money(round(price * rng.uniform(1, 1.4), 2)),
        "Shipping": _money(0 if by_amazon else rng.choice([0, 1.99, 2.99])),
        "ShipsFrom": {"Country": "GB", "State": ""},
        "IsFulfilledByAmazon": by_amazon,
        "PrimeInformation": {"IsOfferPrime": by_amazon, "IsOfferNationalPrime": by_amazon},
        "IsFeaturedMerchant": True,
        "ShipsDomestically": True,
        "IsBuyBoxWinner": False,
    }


def _money(amount: float) -> Json:
    return {"Amount": amount, "CurrencyCode": "GBP"}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
