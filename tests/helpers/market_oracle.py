"""What a seller's questions must be answered, worked out in Python from what happened.

As oracle.py for the analysis, it shares nothing with the SQL but the meaning: what happened comes
in as facts, an item's events are walked one after the other, and prices are exact fractions. Rows
are dictionaries by column; prices that a table keeps are rounded as numeric(10,2) keeps them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

import oracle
from notifications import OWN_SELLER, UK, Facts, Offer, OfferChange, Price

Item = tuple[str, str, str]
Row = dict[str, Any]
ITEM = ("asin", "marketplace", "item_condition")
SEVERITIES = ("success", "info", "warning", "high", "critical")


@dataclass(frozen=True)
class Event:
    """One notification with state and what it says."""

    facts: Facts
    time: datetime
    order: tuple[datetime, bool, str]
    severity: str
    row: Row

    @property
    def offers(self) -> list[tuple[Offer, Fraction | None]]:
        assert isinstance(self.facts, OfferChange)
        marketplace = self.facts.marketplace or UK
        return [
            (o, oracle.landed(Price(o.listing, o.shipping, points=o.points), marketplace))
            for o in self.facts.offers
        ]

    @property
    def your_price(self) -> Fraction | None:
        return min((p for o, p in self.offers if p is not None and self.is_own(o)), default=None)

    @property
    def buy_box_price(self) -> Fraction | None:
        facts = self.facts
        marketplace = facts.marketplace or UK
        condition = (facts.condition or "new").lower()
        summary: Fraction | None = oracle.of_condition(facts.buy_box, condition, marketplace)
        won = (price for o, price in self.offers if o.winner and price is not None)
        return min(won, default=None) if summary is None else summary

    @property
    def holder(self) -> Offer | None:
        """Who holds the buy box: of several winners yours, else the lowest, FBA, the first name."""

        def order(offered: tuple[Offer, Fraction | None]) -> tuple[Any, ...]:
            offer, price = offered
            return (
                not self.is_own(offer),
                price is None,
                price or 0,
                not offer.fba,
                offer.seller or "~",
            )

        won = [(offer, price) for offer, price in self.offers if offer.winner]
        return min(won, key=order)[0] if won else None

    @property
    def is_yours(self) -> bool:
        return any(offer.winner and self.is_own(offer) for offer, _ in self.offers)

    @property
    def is_suppressed(self) -> bool:
        """There is a summary, and offers, but nothing in either of a buy box."""
        assert isinstance(self.facts, OfferChange)
        condition = (self.facts.condition or "new").lower()
        has_price = any(of.lower() == condition for of, _ in self.facts.buy_box)
        has_summary = self.facts.has_summary
        applies = condition in ("new", "used") and has_summary and bool(self.offers)
        return applies and not has_price and self.holder is None

    def is_own(self, offer: Offer) -> bool:
        return offer.seller is not None and offer.seller in (OWN_SELLER, self.facts.seller)

    def rank(self, price: Fraction) -> int:
        return 1 + sum(other < price for _, other in self.offers if other is not None)


def items(history: Iterable[tuple[Facts, str]]) -> dict[Item, list[Event]]:
    """Each item's events in their order, whatever the order in which they arrived."""
    found: dict[Item, list[Event]] = defaultdict(list)
    for facts, body in history:
        if said := oracle.analyze(facts):
            assert said.time is not None
            order = (said.time, not isinstance(facts, OfferChange), oracle.dedupe_hash(body))
            found[said.key].append(Event(facts, said.time, order, said.severity, said.row))
    return {key: sorted(events, key=lambda e: e.order) for key, events in found.items()}


def offer_items(history: Iterable[tuple[Facts, str]]) -> Iterator[tuple[Item, list[Event]]]:
    """The same of ANY_OFFER_CHANGED alone."""
    for item, events in items(history).items():
        yield item, [e for e in events if isinstance(e.facts, OfferChange)]


# Offers and buy box, from one event to the next.


def by_seller(event: Event) -> dict[tuple[str, bool], tuple[Offer, Fraction]]:
    """The offers by who sells and who ships: of several the lowest, of level ones the winner."""
    best: dict[tuple[str, bool], tuple[Offer, Fraction]] = {}
    for offer, price in event.offers:
        if offer.seller is None or price is None:
            continue
        key = (offer.seller, bool(offer.fba))
        if key not in best or (price, not offer.winner) < (best[key][1], not best[key][0].winner):
            best[key] = (offer, price)
    return best


def offer_changes(
    history: Iterable[tuple[Facts, str]], since: datetime, until: datetime
) -> list[Row]:
    changes = []
    for item, events in offer_items(history):
        for earlier, later in pairwise(events):
            if not since <= later.time < until:
                continue
            old, new = by_seller(earlier), by_seller(later)
            listed = len(later.offers)
            for key in old.keys() | new.keys():
                was, now = old.get(key), new.get(key)
                had, has = bool(was and was[0].winner), bool(now and now[0].winner)
                kinds = []
                if not was:
                    kinds.append("appeared")
                elif not now:
                    kinds.append("left" if listed < 20 else "unlisted")
                elif was[1] != now[1]:
                    kinds.append("price")
                if has != had:
                    kinds.append("buy_box_won" if has else "buy_box_lost")
                event = later if now else earlier
                there = now or was
                assert there
                changes += [
                    named(item)
                    | {
                        "event_time": later.time,
                        "seller_id": key[0],
                        "is_fba": key[1],
                        "is_own": event.is_own(there[0]),
                        "change": kind,
                        "old_price": was and was[1],
                        "new_price": now and now[1],
                        "rank": now and later.rank(now[1]),
                    }
                    for kind in kinds
                ]
    return changes


def named(item: Item) -> Row:
    """The columns that name an item."""
    return dict(zip(ITEM, item, strict=True))


def buy_box_changes(
    history: Iterable[tuple[Facts, str]], since: datetime, until: datetime
) -> list[Row]:
    changes = []
    for item, events in offer_items(history):
        for earlier, later in pairwise(events):
            change = buy_box_change(earlier, later)
            if change and since <= later.time < until:
                changes.append(
                    named(item)
                    | {
                        "event_time": later.time,
                        "old_seller": earlier.holder and earlier.holder.seller,
                        "new_seller": later.holder and later.holder.seller,
                        "new_is_fba": later.holder and bool(later.holder.fba),
                        "old_price": earlier.buy_box_price,
                        "new_price": later.buy_box_price,
                        "your_price": later.your_price,
                        "change": change,
                    }
                )
    return changes


def buy_box_change(old: Event, new: Event) -> str | None:
    if old.is_suppressed or new.is_suppressed:
        if old.is_suppressed and new.is_suppressed:
            return None
        return "suppressed" if new.is_suppressed else "restored"
    if old.is_yours != new.is_yours:
        return "won" if new.is_yours else "lost"
    known = {e.holder.seller for e in (old, new) if e.holder} - {None}
    return "passed" if not new.is_yours and len(known) == 2 else None


# Competitors.


@dataclass
class Rival:
    """What is counted of one seller."""

    items: set[Item] = field(default_factory=set)
    events: int = 0
    offers: list[bool] = field(default_factory=list)  # each: is it fulfilled by Amazon
    below: list[Fraction] = field(default_factory=list)
    undercuts: int = 0
    last_seen: datetime | None = None


def competitors(
    history: Iterable[tuple[Facts, str]], since: datetime, until: datetime
) -> dict[str, Row]:
    """By seller_id. until is not in the future."""
    rivals: dict[str, Rival] = defaultdict(Rival)
    known: dict[Item, Fraction] = {}
    held: dict[tuple[Item, str | None], Fraction] = defaultdict(Fraction)
    for item, events in offer_items(history):
        spans = [s for s in states(events, until) if s.start < until]
        known[item] = seconds(spans, since, until)
        for span in spans:
            holder = span.event.holder
            if holder and not span.event.is_own(holder):
                held[item, holder.seller] += seconds([span], since, until)
        for earlier, later in zip([None, *events], events, strict=False):
            if since <= later.time < until:
                meet(rivals, item, earlier, later)
    return {
        seller: {
            "items": len(r.items),
            "events": r.events,
            "fba_share": Fraction(sum(r.offers), len(r.offers)),
            "times_below_you": len(r.below),
            "median_below_pct": median(r.below) if r.below else None,
            "undercuts": r.undercuts,
            "buy_box_share": share(
                sum((held[item, seller] for item in r.items), Fraction()),
                sum((known[item] for item in r.items), Fraction()),
            ),
            "last_seen": r.last_seen,
        }
        for seller, r in rivals.items()
    }


def meet(rivals: dict[str, Rival], item: Item, earlier: Event | None, later: Event) -> None:
    """Counts one event of an item."""
    for seller, offers in others(later).items():
        rival = rivals[seller]
        rival.items.add(item)
        rival.events += 1
        rival.offers += [bool(o.fba) for o, _ in offers]
        rival.last_seen = max(rival.last_seen or later.time, later.time)
        lowest = lowest_of(offers)
        if not is_below(lowest, later.your_price):
            continue
        assert lowest is not None
        assert later.your_price
        rival.below.append((later.your_price - lowest) / later.your_price * 100)
        before = lowest_of(others(earlier).get(seller, [])) if earlier else None
        if earlier and before is not None:
            rival.undercuts += lowest < before and not is_below(before, earlier.your_price)


def others(event: Event) -> dict[str, list[tuple[Offer, Fraction | None]]]:
    found: dict[str, list[tuple[Offer, Fraction | None]]] = defaultdict(list)
    for offer, price in event.offers:
        if offer.seller is not None and not event.is_own(offer):
            found[offer.seller].append((offer, price))
    return found


def lowest_of(offers: list[tuple[Offer, Fraction | None]]) -> Fraction | None:
    return min((price for _, price in offers if price is not None), default=None)


def is_below(lowest: Fraction | None, yours: Fraction | None) -> bool:
    return lowest is not None and yours is not None and lowest < yours


def share(part: Fraction, whole: Fraction) -> Fraction | None:
    return part / whole if whole else None


def buy_box_share(
    history: Iterable[tuple[Facts, str]], since: datetime, until: datetime
) -> dict[Item, Fraction | None]:
    """Of each item of which something is known within since and until, which is in the past."""
    shares = {}
    for item, events in offer_items(history):
        spans = [s for s in states(events, until) if s.start < until]
        won = [s for s in spans if s.event.row["buy_box_winner"]]
        if spans and since < until:
            shares[item] = share(seconds(won, since, until), seconds(spans, since, until))
    return shares


# Days.


@dataclass
class State:
    """What held from start to end. first: nothing is known of the time before."""

    start: datetime
    end: datetime
    event: Event


def states(events: list[Event], end: datetime) -> list[State]:
    ends = [*(e.time for e in events[1:]), end][: len(events)]
    return [State(e.time, to, e) for e, to in zip(events, ends, strict=True)]


def seconds(states: Iterable[State], start: datetime, end: datetime) -> Fraction:
    spans = (min(s.end, end) - max(s.start, start) for s in states)
    return (
        sum(
            (Fraction(max(span, timedelta()) // timedelta(microseconds=1)) for span in spans),
            Fraction(),
        )
        / 10**6
    )


def item_days(history: Iterable[tuple[Facts, str]], last_day: date) -> dict[tuple[Any, ...], Row]:
    """A row an item and day, from its first event's day to last_day, by (asin, …, day)."""
    rows = {}
    for item, events in items(history).items():
        end = midnight(last_day) + timedelta(days=1)
        events = [e for e in events if e.time < end]
        if not events:
            continue
        offers = [e for e in events if isinstance(e.facts, OfferChange)]
        day = events[0].time.date()
        while day <= last_day:
            rows[*item, day] = item_day(events, offers, midnight(day))
            day += timedelta(days=1)
    return rows


def day_of(facts: Facts, body: str) -> tuple[Any, ...] | None:
    """The day of an item, as item_days() keys it, on which this happened."""
    return next(((*item, e.time.date()) for item, (e,) in items([(facts, body)]).items()), None)


def item_day(events: list[Event], offers: list[Event], start: datetime) -> Row:
    end = start + timedelta(days=1)

    def of_day(time: datetime) -> bool:
        return start <= time < end

    def held(all_states: list[State]) -> list[State]:
        """The one at midnight and those that began since."""
        before = [s for s in all_states if s.start < start][-1:]
        return before + [s for s in all_states if of_day(s.start)]

    def price(column: str, pick: Callable[[list[Any]], Any]) -> Any:
        values = [s.event.row[column] for s in offer_states]
        return pick(values) if values else None

    def known(pick: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
        def of_known(values: list[Any]) -> Any:
            there = [value for value in values if value is not None]
            return pick(there) if there else None

        return of_known

    offer_states = held(states(offers, end))
    won = [s for s in offer_states if s.event.row["buy_box_winner"]]
    turns = [
        (earlier.row["buy_box_winner"], later.row["buy_box_winner"])
        for earlier, later in pairwise(offers)
        if of_day(later.time)
    ]
    all_states = held(states(events, end))
    return {
        "events": sum(of_day(e.time) for e in offers),
        "your_open": price("your_price", lambda prices: prices[0]),
        "your_low": price("your_price", known(min)),
        "your_high": price("your_price", known(max)),
        "your_close": price("your_price", lambda prices: prices[-1]),
        "market_low": price("market_low", known(min)),
        "market_close": price("market_low", lambda prices: prices[-1]),
        "buy_box_seconds": seconds(won, start, end),
        "known_seconds": seconds(offer_states, start, end),
        "buy_box_won": turns.count((False, True)),
        "buy_box_lost": turns.count((True, False)),
        **{
            f"{severity}_s": seconds(
                [s for s in all_states if s.event.severity == severity], start, end
            )
            for severity in SEVERITIES
        },
        "pricing_issues": sum(
            of_day(e.time) and not isinstance(e.facts, OfferChange) for e in events
        ),
    }


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
