"""What current_state must hold, worked out in Python from what happened: the tests' second opinion.

Shares nothing with the SQL but the meaning: what happened comes in as facts, never as JSON, and
prices are exact fractions until they are rounded for their column.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

from notifications import JAPAN, OWN_SELLER, UK, Facts, Offer, OfferChange, Price, PricingHealth

Row = dict[str, Any]

NO_OFFERS: Row = {
    "event_time": None,
    "your_price": None,
    "market_low": None,
    "prime_low": None,
    "buy_box_price": None,
    "your_position": None,
    "total_offers": None,
    "buy_box_winner": False,
    "buy_box_seller": None,
    "buy_box_is_fba": None,
    "buy_box_suppressed": None,
    "competitive_price": None,
    "sales_rank": None,
    "currency": None,
}
NO_ISSUE: Row = {"pricing_issue": None, "pricing_issue_time": None, "reference_price": None}


@dataclass(frozen=True)
class Analysis:
    """What one notification says. row has current_state's columns of its register only."""

    key: tuple[str, str, str]
    time: datetime | None
    severity: str
    row: Row


def dedupe_hash(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def landed(price: Price, marketplace: str) -> Fraction | None:
    if price.landed is not None:
        return Fraction(price.landed)
    if price.listing is None:
        return None
    points = price.points or 0 if marketplace == JAPAN else 0
    return Fraction(price.listing) + Fraction(price.shipping or 0) - points


def rounded(price: Fraction | None) -> Decimal | None:
    """As numeric(10,2) keeps it. Prices here have few decimals, so the quotient is exact."""
    if price is None:
        return None
    exact = Decimal(price.numerator) / Decimal(price.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def gap(yours: Fraction | None, low: Fraction | None) -> Fraction | None:
    """In percent; None where it is unknown."""
    return None if yours is None or not low else (yours - low) / low * 100


def severity(
    yours: Fraction | None, low: Fraction | None, position: int | None, total: int, winner: bool
) -> str:
    """By the rules named default."""
    if winner or (position is not None and position <= 3):
        return "success"
    percent = gap(yours, low)
    if not yours or percent is None or position is None:
        return "info"
    if percent >= 50 and total >= 10 and position > 10:
        return "critical"
    if percent >= 20 and total >= 5:
        return "high"
    return "warning" if percent >= 10 or total >= 3 else "info"


def of_condition(buy_box: Iterable[tuple[str, Price]], condition: str, marketplace: str) -> Any:
    prices = [landed(price, marketplace) for name, price in buy_box if name.lower() == condition]
    return min((price for price in prices if price is not None), default=None)


def holder_of_buy_box(
    offers: Iterable[Offer], own: set[str | None], marketplace: str
) -> Offer | None:
    """Of several winners yours, else the cheapest, by Amazon, of the lowest seller id."""

    def precedence(offer: Offer) -> tuple[Any, ...]:
        price = landed(Price(offer.listing, offer.shipping, points=offer.points), marketplace)
        unpriced, nameless = price is None, offer.seller is None
        return (
            *(offer.seller not in own, unpriced, price or 0),
            *(offer.fba is not True, nameless, offer.seller or ""),
        )

    return min((offer for offer in offers if offer.winner is True), key=precedence, default=None)


def analyze(facts: Facts) -> Analysis | None:
    """None for a kind without state; time is None where the sender gave none at all."""
    marketplace = facts.marketplace or UK
    condition = (facts.condition or "new").lower()
    key = (facts.asin, marketplace, condition)
    time = facts.event_time or facts.change_time or facts.publish_time
    buy_box = of_condition(facts.buy_box, condition, marketplace)

    if isinstance(facts, PricingHealth):
        yours = landed(facts.merchant, marketplace) if facts.merchant else None
        low = buy_box if facts.threshold is None else Fraction(facts.threshold)
        percent = gap(yours, low)
        how = "critical" if percent is not None and percent >= 50 else "high"
        row: Row = {
            "pricing_issue": facts.issue,
            "pricing_issue_time": time,
            "reference_price": rounded(low),
        }
        return Analysis(key, time, how, row)

    if facts.b2b:
        return None
    own = {OWN_SELLER, facts.seller} - {None}
    priced = []
    for offer in facts.offers:
        price = landed(Price(offer.listing, offer.shipping, points=offer.points), marketplace)
        if price is not None:
            priced.append((price, offer))
    all_prices = [price for price, _ in priced]
    yours = min((price for price, o in priced if o.seller in own), default=None)
    low = min(all_prices, default=None)
    position = None if yours is None else 1 + sum(price < yours for price in all_prices)
    prime = [p for p, o in priced if o.fba or o.prime in ("IsOfferPrime", "IsPrime")]
    winning = [price for price, o in priced if o.winner]
    counted = sum(count.offers for count in facts.counts if count.condition.lower() == condition)
    total = max(len(facts.offers), counted)
    winner = any(offer.winner is True and offer.seller in own for offer in facts.offers)
    holder = holder_of_buy_box(facts.offers, own, marketplace)
    has_entry = any(name.lower() == condition for name, _ in facts.buy_box)
    is_won = any(offer.winner is True for offer in facts.offers)
    suppressed = facts.has_summary and bool(facts.offers) and not has_entry and not is_won
    row = {
        "event_time": time,
        "your_price": rounded(yours),
        "market_low": rounded(low),
        "prime_low": rounded(min(prime, default=None)),
        "buy_box_price": rounded(min(winning, default=None) if buy_box is None else buy_box),
        "your_position": position,
        "total_offers": total,
        "buy_box_winner": winner,
        "buy_box_seller": holder.seller if holder else None,
        "buy_box_is_fba": (holder.fba is True) if holder else None,
        "buy_box_suppressed": suppressed if condition in ("new", "used") else None,
        "competitive_price": rounded(
            None if facts.threshold is None else Fraction(facts.threshold)
        ),
        "sales_rank": facts.ranks[0] if facts.ranks else None,
        "currency": facts.currency if priced else None,
    }
    return Analysis(key, time, severity(yours, low, position, total, winner), row)


def current_state(history: Iterable[tuple[Facts, str]]) -> dict[tuple[str, str, str], Row]:
    """What must stand there after these notifications, each with its body, in any order."""
    newest: dict[tuple[Any, type[Facts]], tuple[datetime, str, Analysis]] = {}
    for facts, body in history:
        found = analyze(facts)
        if found is None:
            continue
        assert found.time is not None, "without a time its order is the order of arrival"
        register = (found.key, type(facts))
        this = (found.time, dedupe_hash(body), found)
        if register not in newest or this[:2] > newest[register][:2]:
            newest[register] = this

    state = {}
    for key in {key for key, _ in newest}:
        offers = newest.get((key, OfferChange))
        issue = newest.get((key, PricingHealth))
        last = offers if issue is None or (offers and offers[0] > issue[0]) else issue
        assert last
        state[key] = {
            **dict(zip(("asin", "marketplace", "item_condition"), key, strict=True)),
            **(offers[2].row if offers else NO_OFFERS),
            **(issue[2].row if issue else NO_ISSUE),
            "severity": last[2].severity,
            "last_hash": last[1],
        }
    return state
