"""Hypothesis strategies for notifications.

They choose from few values, so that prices and times are often equal and a history is often about
the same item.
"""

from datetime import UTC, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st
from notifications import (
    ENVELOPES,
    JAPAN,
    OWN_SELLER,
    RIVALS,
    SELLER,
    START,
    UK,
    Count,
    Facts,
    Offer,
    OfferChange,
    Price,
    PricingHealth,
    camel,
    pascal,
    plain,
    text,
    utc,
)

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
