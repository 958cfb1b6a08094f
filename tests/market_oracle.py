"""What a seller's questions must be answered, worked out in Python from what happened.

As oracle.py for the analysis, it shares nothing with the SQL but the meaning: what happened comes
in as facts, an item's events are walked one after the other, and prices are exact fractions. Rows are
dictionaries by column; prices that a table keeps are rounded as numeric(10,2) keeps them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

import oracle
from notifications import OWN_SELLER, Facts, Offer, OfferChange, Price

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
        marketplace = self.facts.marketplace or oracle.UK
        return [
            (o, oracle.landed(Price(o.listing, o.shipping, points=o.points), marketplace))
            for o in self.facts.offers
        ]

    @property
    def your_price(self) -> Fraction | None:
        return min((p for o, p in self.offers if p is not None and self.is_own(o)), default=None)

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
                    dict(zip(ITEM, item, strict=True))
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
