"""What analysts do in SQL, on real histories: what-if, rerun, explain, history, retry, watching."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, LiteralString

import notifications as n
import oracle
import psycopg
import pytest
import strategies as s
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from psycopg import errors
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]
WaitUntil = Callable[..., None]
X, Y = "B0TEST0001", "B0TEST0002"


def examples(count: int) -> settings:
    """The database is one test's and not one example's, and slowness is no verdict."""
    health = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count, suppress_health_check=health)


def rows(db: Connection, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
    return db.execute(query, parameters).fetchall()


def one(db: Connection, query: LiteralString, *parameters: object) -> Any:
    """The one value of a query's one row."""
    ((value,),) = rows(db, query, *parameters)
    return value


def after(minutes: float) -> Any:
    """That many minutes after the beginning of every history here."""
    return n.START + timedelta(minutes=minutes)


def market(own: str | None, rivals: int, *, winner: bool = False) -> tuple[n.Offer, ...]:
    """So many rivals at 10.00, and the own offer at this price."""
    others = tuple(n.Offer(listing=Decimal(10)) for _ in range(rivals))
    return (
        others
        if own is None
        else (*others, n.Offer(seller=n.SELLER, listing=Decimal(own), winner=winner))
    )


# Offers by the severity that the rules named default give them.
MARKETS = {
    "success": market("10", 2),
    "info": market(None, 2),
    "warning": market("10.5", 3),
    "high": market("12.5", 5),
    "critical": market("16", 11),
}


def body(severity: str, minute: float = 0, **facts: Any) -> str:
    """A body about offers of this severity at this minute."""
    change = n.OfferChange(event_time=after(minute), offers=MARKETS[severity])
    return n.text(n.pascal(replace(change, **facts)))


def issue(minute: float = 0, **facts: Any) -> str:
    """A body about a pricing issue, of severity high, at this minute."""
    return n.text(n.camel(n.PricingHealth(event_time=after(minute), **facts)))


def ingest(db: Connection, *bodies: str) -> None:
    """Ingests as messages m-0, m-1, …, each of which must be stored."""
    for number, text in enumerate(bodies):
        assert n.ingest(db, f"m-{number}", text)["outcome"] in ("processed", "stale")


def severities(db: Connection) -> dict[str, str]:
    """Of what is stored, by message."""
    return dict(rows(db, "select message_id, severity from worker_notifications"))


def add_rules(db: Connection, name: str, **thresholds: object) -> None:
    columns = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, ("name", *thresholds)))
    values = psycopg.sql.SQL(", ").join(psycopg.sql.Placeholder() * (len(thresholds) + 1))
    statement = psycopg.sql.SQL("insert into severity_rules ({}) values ({})")
    db.execute(statement.format(columns, values), (name, *thresholds.values()))


# What-if and rerun.

dated = (s.offer_changes | s.pricing_healths).filter(
    lambda facts: facts.event_time or facts.change_time or facts.publish_time
)
histories = st.lists(s.bodies(dated), min_size=1, max_size=10, unique_by=lambda m: m[1])
gaps = st.lists(st.sampled_from([5, 10, 20, 30, 50, 80]), min_size=3, max_size=3).map(sorted)
counts = st.integers(1, 12)
rule_sets = st.builds(
    lambda gaps, numbers: (
        dict(zip(("warning_gap_pct", "high_gap_pct", "critical_gap_pct"), gaps, strict=True))
        | numbers
    ),
    gaps,
    st.fixed_dictionaries(
        {
            "success_max_position": counts,
            "critical_min_offers": counts,
            "critical_after_position": counts,
            "high_min_offers": counts,
            "warning_min_offers": counts,
        }
    ),
)


@examples(60)
@given(history=histories, rules=rule_sets)
def test_rerun_changes_what_preview_said_to_what_these_rules_would_always_have_given(
    db: Connection, history: list[tuple[n.Facts, str]], rules: dict[str, object]
) -> None:
    bodies = [*(text for _, text in history), n.text(n.other())]
    with db.transaction(force_rollback=True):
        add_rules(db, "tried", **rules)
        db.execute("select activate_severity_rules('tried')")
        ingest(db, *bodies)
        expected = severities(db), n.current_state(db)

    with db.transaction(force_rollback=True):
        add_rules(db, "tried", **rules)
        ingest(db, *bodies)
        before = severities(db)
        with db.transaction(force_rollback=True):
            db.execute("set transaction read only")
            matrix = rows(db, "select * from preview_severity('tried', '-infinity', 'infinity')")

        db.execute("select activate_severity_rules('tried')")
        assert severities(db) == before  # only a rerun changes what is stored
        ((examined, changed),) = rows(db, "select examined, changed from rerun_severity()")
        assert (severities(db), n.current_state(db)) == expected
        became = Counter((before[message], now) for message, now in severities(db).items())
        assert sorted(matrix) == sorted((*pair, count) for pair, count in became.items())
        assert examined == len(bodies)
        assert changed == sum(count for (old, new), count in became.items() if old != new)
        event(f"{changed} changed")

        assert rows(db, "select examined, changed from rerun_severity()") == [(len(bodies), 0)]


# These make a success of the market called warning, in which the own offer is the fourth.
LENIENT = {"success_max_position": 4}


def test_preview_and_rerun_look_at_a_half_open_window_of_receipt_and_at_one_asin(
    db: Connection,
) -> None:
    ingest(db, *(body("warning", minute, asin=asin) for minute in (0, 1, 2) for asin in (X, Y)))
    # Received long after they happened, and in another order.
    received = {"m-0": 62, "m-1": 62, "m-2": 60, "m-3": 60, "m-4": 61, "m-5": 61}
    for message, minute in received.items():
        db.execute(
            "update worker_notifications set received_at = %s where message_id = %s",
            (after(minute), message),
        )
    add_rules(db, "lenient", **LENIENT)
    warnings = dict.fromkeys(received, "warning")

    def preview(first: int, end: int) -> list[tuple[Any, ...]]:
        window = after(first), after(end)
        return rows(db, "select * from preview_severity('lenient', %s, %s)", *window)

    def rerun(first: int, end: int, asin: str | None = None) -> list[tuple[Any, ...]]:
        window = after(first), after(end)
        return rows(db, "select examined, changed from rerun_severity(%s, %s, %s)", *window, asin)

    assert preview(60, 61) == [("warning", "success", 2)]
    assert preview(60, 62) == [("warning", "success", 4)]
    assert preview(63, 70) == []

    db.execute("select activate_severity_rules('lenient')")
    assert rerun(60, 61) == [(2, 2)]
    assert severities(db) == warnings | {"m-2": "success", "m-3": "success"}
    shown = "select distinct asin, severity from current_state order by asin"
    assert rows(db, shown) == [(X, "warning"), (Y, "warning")]  # those of m-4 and m-5
    assert rerun(60, 62, Y) == [(2, 1)]
    assert severities(db) == warnings | dict.fromkeys(("m-2", "m-3", "m-5"), "success")
    assert rows(db, shown) == [(X, "warning"), (Y, "success")]
    assert preview(60, 63) == [("success", "success", 3), ("warning", "success", 3)]


def test_rerun_keeps_what_cannot_be_analysed(db: Connection) -> None:
    """The original stored some that this system would have refused."""
    ingest(db, body("high"), body("high", 1))
    db.execute(
        "update worker_notifications set raw_notification = '{\"notificationType\": []}'"
        " where message_id = 'm-0'"
    )
    assert one(db, "select mark_unreadable()") == 1
    add_rules(db, "lenient", success_max_position=6)
    db.execute("select activate_severity_rules('lenient')")
    assert rows(db, "select examined, changed from rerun_severity()") == [(1, 1)]
    assert severities(db) == {"m-0": "high", "m-1": "success"}


def test_activation_waits_for_the_batch_in_flight_and_a_rerun_then_leaves_none_behind(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: Callable[[Connection, Connection], None],
) -> None:
    add_rules(db, "lenient", **LENIENT)
    batch, analyst, late = connect(), connect(), connect()
    with batch.transaction():
        assert n.ingest(batch, "early", body("warning"))["severity"] == "warning"
        activating = in_background(analyst.execute, "select activate_severity_rules('lenient')")
        wait_for(analyst, batch)
        # Whoever comes now does not slip past it under the old rules.
        ingesting = in_background(n.ingest, late, "late", body("warning", 1, asin=Y))
        wait_for(late, analyst)
        assert n.ingest(batch, "same batch", body("warning", 2))["severity"] == "warning"
    activating.result()
    assert ingesting.result()["severity"] == "success"

    lenient = {"early": "success", "late": "success", "same batch": "success"}
    assert rows(db, "select examined, changed from rerun_severity()") == [(3, 2)]
    assert severities(db) == lenient
    assert rows(db, "select distinct severity from current_state") == [("success",)]


def test_activation_waits_for_a_rerun(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: Callable[[Connection, Connection], None],
) -> None:
    add_rules(db, "lenient", **LENIENT)
    rerun, analyst = connect(), connect()
    with rerun.transaction():
        rerun.execute("select rerun_severity()")
        activating = in_background(analyst.execute, "select activate_severity_rules('lenient')")
        wait_for(analyst, rerun)
    activating.result()
    assert rows(db, "select name from severity_rules where active") == [("lenient",)]


@pytest.mark.parametrize("first", ["rerun", "ingest"])
def test_rerun_beside_live_ingest_loses_neither(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: Callable[[Connection, Connection], None],
    first: str,
) -> None:
    ingest(db, body("warning"))
    add_rules(db, "lenient", **LENIENT)
    db.execute("select activate_severity_rules('lenient')")
    holder, other = connect(), connect()
    rerun, live = (holder, other) if first == "rerun" else (other, holder)

    def run_rerun() -> Any:
        return rows(rerun, "select examined, changed from rerun_severity()")

    def run_ingest() -> Any:
        return n.ingest(live, "live", body("high", 1))["outcome"]

    calls = [run_rerun, run_ingest] if first == "rerun" else [run_ingest, run_rerun]
    with holder.transaction():
        done = calls[0]()
        waiting = in_background(calls[1])
        wait_for(other, holder)
    assert sorted(map(str, (done, waiting.result()))) == ["[(1, 1)]", "processed"]
    assert severities(db) == {"m-0": "success", "live": "high"}
    assert rows(db, "select severity, event_time from current_state") == [("high", after(1))]


NO_SUCH_RULES: tuple[LiteralString, ...] = (
    "select * from preview_severity('none', '-infinity', 'infinity')",
    "select activate_severity_rules('none')",
    "select activate_severity_rules(null)",
    "select calculate_severity(1, 1, 1, 1, true, 'none')",
    "delete from severity_rules",
    "update severity_rules set active = false",
)


def test_without_such_rules_says_how_to_list_them(db: Connection) -> None:
    for statement in NO_SUCH_RULES:
        with pytest.raises(psycopg.Error) as error:
            db.execute(statement)
        assert error.value.sqlstate == "OC101", statement
        assert "severity_rules" in (error.value.diag.message_hint or ""), statement
    assert rows(db, "select name from severity_rules where active") == [("default",)]


def test_there_are_never_two_active_sets(db: Connection) -> None:
    add_rules(db, "other")
    with pytest.raises(errors.UniqueViolation):
        db.execute("update severity_rules set active = true where name = 'other'")
    db.execute("select activate_severity_rules('other')")
    assert rows(db, "select name from severity_rules where active") == [("other",)]


SENSELESS = (
    {"success_max_position": 0},
    {"warning_min_offers": -1},
    {"warning_gap_pct": 0},
    {"high_gap_pct": 51},
    {"warning_gap_pct": 21},
    {"critical_gap_pct": "NaN"},
    {"critical_gap_pct": "infinity"},
    {"high_gap_pct": None},
)


def test_thresholds_that_make_no_sense_are_refused(db: Connection) -> None:
    for thresholds in SENSELESS:
        with pytest.raises(errors.IntegrityError):
            add_rules(db, "senseless", **thresholds)
    add_rules(db, "sensible", high_gap_pct=50, warning_gap_pct=50)


# Why.


@pytest.mark.parametrize(
    ("facts", "severity", "rule"),
    [
        (n.OfferChange(offers=market("20", 9, winner=True)), "success", ["buy box"]),
        (n.OfferChange(offers=market("10", 9)), "success", ["your_position <= 3"]),
        (n.OfferChange(offers=MARKETS["info"]), "info", ["no own price"]),
        (
            n.OfferChange(offers=MARKETS["critical"]),
            "critical",
            ["gap >= 50", "total_offers >= 10", "your_position > 10"],
        ),
        (n.OfferChange(offers=MARKETS["high"]), "high", ["gap >= 20", "total_offers >= 5"]),
        (n.OfferChange(offers=MARKETS["warning"]), "warning", ["gap >= 10", "total_offers >= 3"]),
        (
            n.PricingHealth(merchant=n.Price(landed=Decimal(15)), threshold=Decimal(10)),
            "critical",
            ["gap >= 50"],
        ),
        (n.PricingHealth(), "high", ["Amazon"]),
        (n.OfferChange(offers=market("20", 9), b2b=True), "info", ["B2B_ANY_OFFER_CHANGED"]),
    ],
)
def test_explains_which_rule_decided(
    db: Connection, facts: n.Facts, severity: str, rule: list[str]
) -> None:
    ingest(db, n.text(n.pascal(facts)))
    explained = rows(db, "select part, item, value from explain_severity('m-0')")
    by_item = {item: value for part, item, value in explained if part in ("rule", "result")}
    assert by_item["severity"] == by_item["severity stored"] == severity
    assert by_item["rule set"] == "default"
    said = by_item["decided by"]
    assert said.startswith(f"{severity}: ")
    assert [words for words in rule if words not in said] == []


def test_explains_info_where_no_rule_applies(db: Connection) -> None:
    """Under 'default' that takes a fourth place among three offers."""
    add_rules(db, "strict", success_max_position=1, warning_min_offers=9)
    db.execute("select activate_severity_rules('strict')")
    ingest(db, n.text(n.pascal(n.OfferChange(offers=market("10.5", 1)))))
    explained = rows(db, "select item, value from explain_severity('m-0') where part = 'rule'")
    assert explained == [("rule set", "strict"), ("decided by", "info: no other rule applies")]


def test_explains_with_offers_as_ranked_figures_and_thresholds(db: Connection) -> None:
    offers = (
        n.Offer("A3THIRD", Decimal("12.50"), shipping=Decimal("2.50"), fba=True),
        n.Offer("A3NOPRICE", None),
        n.Offer(n.SELLER, Decimal("14.996"), prime="IsPrime"),
        n.Offer("A3FIRST", Decimal(9), winner=True),
        n.Offer("A3TIED", Decimal(15)),
        n.Offer("A3FIRST", Decimal(10)),
    )
    ingest(db, n.text(n.pascal(n.OfferChange(offers=offers))))
    # Position 3 is a success by default; after this it would be high, were it run again.
    add_rules(db, "strict", success_max_position=2)
    db.execute("select activate_severity_rules('strict')")

    explained = rows(db, "select part, item, value from explain_severity('m-0')")
    parts: dict[str, list[tuple[str, str]]] = {}
    for part, item, value in explained:
        parts.setdefault(part, []).append((item, value))
    assert parts["offer"] == [
        ("1. A3FIRST, buy box", "9.00 GBP"),
        ("2. A3FIRST", "10.00 GBP"),
        (f"3. {n.SELLER}, yours, Prime", "15.00 GBP"),  # ranked before rounding
        ("4. A3THIRD, FBA", "15.00 GBP"),
        ("4. A3TIED", "15.00 GBP"),
        ("-  A3NOPRICE", "no price"),
    ]
    figures = dict(parts["figure"])
    assert figures == {
        "your_price": "15.00",
        "market_low": "9.00",
        "gap": "66.62 %",
        "your_position": "3",
        "total_offers": "6",
        "buy_box_winner": "false",
    }
    thresholds = {item: Decimal(value) for item, value in parts["threshold"]}
    ((stored,),) = rows(db, "select to_jsonb(s) from severity_rules as s where active")
    assert stored == {"name": "strict", "active": True} | {k: int(v) for k, v in thresholds.items()}
    assert parts["result"] == [("severity", "high"), ("severity stored", "success")]


def test_explains_no_message_that_is_not_stored(db: Connection) -> None:
    n.ingest(db, "broken", "no json")
    for message in ("unknown", "broken", None):
        with pytest.raises(psycopg.Error) as error:
            rows(db, "select * from explain_severity(%s)", message)
        assert error.value.sqlstate == "OC102"
        assert "open_failures" in (error.value.diag.message_hint or "")


# History.


def holding(buy_box: bool, minute: float, **facts: Any) -> str:
    """A body by which the buy box is the own offer's or not."""
    return body("high", minute, offers=market("12.5", 5, winner=buy_box), **facts)


def shares(db: Connection, since: Any, until: Any) -> dict[tuple[str, ...], Any]:
    found = rows(db, "select * from buy_box_share(%s, %s)", since, until)
    return {tuple(key): round(share, 4) for *key, share in found}


def test_buy_box_share_is_of_time_and_not_of_events(db: Connection) -> None:
    ingest(
        db,
        holding(True, 0),
        holding(False, 10),
        holding(False, 11),
        holding(False, 12),
        issue(13),  # says nothing of offers
        holding(True, 40, marketplace=n.US),
        holding(True, 30),
        holding(False, 0, condition="used"),
        holding(True, 15, condition="Used"),
        holding(True, 20, b2b=True),
        holding(False, 50, asin=Y),
    )
    new, used = (X, n.UK, "new"), (X, n.UK, "used")
    american, other = (X, n.US, "new"), (Y, n.UK, "new")

    def share(first: float, end: float) -> dict[tuple[str, ...], Any]:
        return shares(db, after(first), after(end))

    # 10 of 60 minutes and the last 30.
    everything = {new: Decimal("0.6667"), used: Decimal("0.75"), american: 1, other: 0}
    assert share(0, 60) == everything
    # Nothing is known of the time before the first event.
    assert share(-60, 60) == everything
    # What began before the window counts from its beginning on.
    later = {new: Decimal("0.6364"), used: Decimal("0.8182"), american: 1, other: 0}
    assert share(5, 60) == later
    # The last event counts to the window's end, whatever comes after.
    assert share(0, 20) == {new: Decimal("0.5"), used: Decimal("0.25")}
    # An event at the end is outside, one at the beginning inside.
    assert share(0, 30)[new] == Decimal("0.3333")
    assert share(30, 60)[new] == 1
    assert share(-10, 0) == share(80, 70) == {}
    # Nothing happens in it, but what stood stands.
    assert share(70, 80) == {new: 1, used: 1, american: 1, other: 0}
    of_one = rows(db, "select asin, share from buy_box_share(%s, %s, %s)", after(0), after(60), Y)
    assert of_one == [(Y, 0)]


def test_buy_box_share_ends_now(db: Connection) -> None:
    with db.transaction():  # in which now() stands still
        now = one(db, "select now()")
        minute = timedelta(minutes=1)
        for number, (ago, winner) in enumerate([(30, True), (10, False), (-60, True)]):
            facts = {"event_time": now - ago * minute}
            n.ingest(db, f"m-{number}", holding(winner, 0, **facts))
        expected = {(X, n.UK, "new"): Decimal("0.6667")}
        assert shares(db, "-infinity", "infinity") == expected
        assert shares(db, now - 31 * minute, now + 60 * minute) == expected
        assert rows(db, "select round(share, 4) from buy_box_share()") == [(Decimal("0.6667"),)]


def test_severity_changes_are_by_the_events_times(db: Connection) -> None:
    dear = n.Price(landed=Decimal(15))
    first, second = body("success", 30), body("warning", 30)
    if oracle.dedupe_hash(first) > oracle.dedupe_hash(second):
        first, second = second, first
    tied = {text: "success" if "10.5" not in text else "warning" for text in (first, second)}
    # At equal times the issue comes last, whatever the hashes say.
    offers = body("warning", 20)
    critical = next(
        text
        for number in range(100)
        if oracle.dedupe_hash(
            text := issue(20, merchant=dear, threshold=Decimal(10), notification_id=f"n-{number}")
        )
        < oracle.dedupe_hash(offers)
    )
    arrivals = {
        "m-0": body("success", 0),
        "m-1": critical,
        "m-2": offers,
        "m-3": body("warning", 5),  # late
        "m-4": body("warning", 10),  # no change
        "m-5": second,
        "m-6": first,
        "m-7": body("high", 7, condition="used"),
        "m-8": body("high", 6, condition="used"),
        "m-9": body("success", 1, asin=Y),
        "m-10": body("critical", 6, b2b=True),
        "m-11": body("high", 2, asin=Y),
    }
    ingest(db, *arrivals.values())
    found = rows(
        db,
        "select asin, marketplace, item_condition, event_time, old_severity, new_severity,"
        " message_id from severity_changes order by asin, item_condition, event_time, message_id",
    )
    assert found == [
        (X, n.UK, "new", after(5), "success", "warning", "m-3"),
        (X, n.UK, "new", after(20), "warning", "critical", "m-1"),
        *sorted(
            [
                (X, n.UK, "new", after(30), "critical", tied[first], "m-6"),
                (X, n.UK, "new", after(30), tied[first], tied[second], "m-5"),
            ],
            key=lambda row: row[-1],
        ),
        (Y, n.UK, "new", after(2), "success", "high", "m-11"),
    ]


def test_price_history_is_what_each_notification_said(db: Connection) -> None:
    offers = (
        n.Offer(n.SELLER, Decimal("12.345"), shipping=Decimal("0.65"), fba=True, winner=True),
        n.Offer(listing=Decimal("11.111")),
    )
    facts = n.OfferChange(event_time=after(9), offers=offers, condition="Used")
    counted = replace(facts, counts=(n.Count("used", "Amazon", 30),))
    ingest(
        db,
        n.text(n.pascal(facts)),
        n.text(n.camel(replace(counted, event_time=after(1)))),
        issue(2, condition="used"),
        n.text(n.pascal(replace(facts, event_time=after(3), b2b=True))),
    )
    db.execute("update worker_notifications set severity = 'high' where message_id = 'm-0'")
    found = db.cursor(row_factory=dict_row).execute(
        "select * from price_history order by event_time"
    )
    common = {
        "asin": X,
        "marketplace": n.UK,
        "item_condition": "used",
        "your_price": Decimal("12.995"),
        "market_low": Decimal("11.111"),
        "prime_low": Decimal("12.995"),
        "buy_box_price": Decimal("12.995"),
        "your_position": 2,
        "buy_box_winner": True,
        "buy_box_seller": n.SELLER,
        "buy_box_is_fba": True,
        "buy_box_suppressed": False,
        "competitive_price": None,
        "sales_rank": None,
        "currency": "GBP",
    }
    times = [
        {"event_time": after(1), "total_offers": 30, "message_id": "m-1", "severity": "success"},
        {"event_time": after(9), "total_offers": 2, "message_id": "m-0", "severity": "high"},
    ]
    assert [{k: v for k, v in row.items() if k != "dedupe_hash"} for row in found] == [
        common | each for each in times
    ]


def test_history_orders_events_by_a_clock_that_runs_ahead_as_state_does(db: Connection) -> None:
    future = one(db, "select now() + interval '1 year'")
    ingest(db, body("high", 0, event_time=future), body("high", 5))
    times = rows(
        db,
        "select p.event_time = n.received_at from price_history as p"
        " inner join worker_notifications as n using (message_id) where message_id = 'm-0'",
    )
    assert times == [(True,)]


# Retry.

BROKEN_BY_TRIGGER = """
create function break_it() returns trigger language plpgsql as $$
begin
  raise exception 'somebody broke it';
end
$$;
create trigger break_it before insert on worker_notifications
for each row when (new.asin = 'B0TEST0001') execute function break_it();
"""


def retry(db: Connection, message_id: str) -> n.Json:
    query = "select * from retry_failure(%s)"
    (row,) = db.cursor(row_factory=dict_row).execute(query, (message_id,)).fetchall()
    return row


def test_a_retried_message_is_stored_as_if_it_had_come_again(db: Connection) -> None:
    db.execute(BROKEN_BY_TRIGGER)
    # No time of its own, and blanks around it, which belong to the body.
    text = "\t" + body("high", event_time=None) + " \n"
    assert n.ingest(db, "m-1", text)["error_message"] == "somebody broke it"
    again = retry(db, "m-1")
    assert (again["outcome"], again["acknowledge"]) == ("failed", False)
    failing = "select message_id, failure_count, error_type from open_failures"
    assert rows(db, failing) == [("m-1", 2, "raise_exception")]
    db.execute(
        "update worker_failures set first_failed_at = first_failed_at - interval '1 hour';"
        "drop trigger break_it on worker_notifications"
    )

    row = retry(db, "m-1")
    assert (row["outcome"], row["acknowledge"], row["severity"]) == ("processed", True, "high")
    assert rows(db, failing) == []
    kept = "select raw_message #>> '{}', resolved_at is not null from worker_failures"
    assert rows(db, kept) == [(text, True)]
    # It first reached us when it first failed.
    first = one(db, "select first_failed_at from worker_failures")
    stored = "select message_id, dedupe_hash, event_time, received_at from worker_notifications"
    assert rows(db, stored) == [("m-1", oracle.dedupe_hash(text), first, first)]
    assert one(db, "select event_time from current_state") == first

    for message_id in ("m-1", "m-2"):  # SQS brings it again, or a redrive under another id
        assert n.ingest(db, message_id, text) == row | {"outcome": "duplicate"}
    assert retry(db, "m-1") == row | {"outcome": "duplicate"}
    assert one(db, "select count(*) from worker_notifications") == 1


def test_retries_every_open_failure_and_each_for_itself(db: Connection) -> None:
    db.execute(BROKEN_BY_TRIGGER)
    n.ingest(db, "m-1", body("high"))
    n.ingest(db, "m-2", body("warning", 1))
    n.ingest(db, "m-3", "no json")
    n.ingest(db, "m-4", body("warning", 1))  # the same body under another id
    db.execute("drop trigger break_it on worker_notifications")
    found = rows(db, "select message_id, outcome, acknowledge from retry_failures()")
    outcomes = {message: (outcome, acknowledged) for message, outcome, acknowledged in found}
    assert len(found) == 4
    assert outcomes["m-1"] == ("processed", True) or outcomes["m-1"] == ("stale", True)
    assert outcomes["m-3"] == ("failed", False)
    assert {outcomes["m-2"], outcomes["m-4"]} == {("processed", True), ("duplicate", True)}
    assert rows(db, "select message_id, failure_count from open_failures") == [("m-3", 2)]
    assert rows(db, "select severity from current_state") == [("warning",)]
    found = rows(db, "select message_id, outcome from retry_failures()")
    assert found == [("m-3", "failed")]


def test_a_failure_without_a_body_keeps_no_other_from_being_retried(db: Connection) -> None:
    """The original's table let it be null, and its count."""
    n.ingest(db, "m-1", "no json")
    db.execute(
        "insert into worker_failures (message_id, raw_message, error_type, failure_count)"
        " values ('m-0', null, 'Error', null), ('m-2', 'null', 'Error', null)"
    )
    assert rows(db, "select message_id, outcome from retry_failures()") == [("m-1", "failed")]
    with pytest.raises(psycopg.Error) as error:
        rows(db, "select * from retry_failure('m-0')")
    assert error.value.sqlstate == "OC102"
    n.ingest(db, "m-0", "no json either")
    assert one(db, "select failure_count from worker_failures where message_id = 'm-0'") == 2


def test_retries_no_message_that_did_not_fail(db: Connection) -> None:
    ingest(db, body("high"))
    for message in ("unknown", "m-0", None):
        with pytest.raises(psycopg.Error) as error:
            rows(db, "select * from retry_failure(%s)", message)
        assert error.value.sqlstate == "OC102"
        assert "open_failures" in (error.value.diag.message_hint or "")
    assert rows(db, "select * from retry_failures()") == []


# Watching.


def test_ingest_stats_count_the_last_minutes_hour_and_day(db: Connection) -> None:
    watch = "select * from ingest_stats"
    nothing = (0, 0, None, None, None, 0)
    assert rows(db, watch) == [(name, *nothing) for name in ("5 min", "1 hour", "24 hours")]

    with db.transaction():  # in which now() stands still
        received = ["1 minute", "5 minutes", "30 minutes", "23 hours", "25 hours"]
        latencies = ["2 s", "4 s", "10 s", None, "1 day"]
        for number, (ago, latency) in enumerate(zip(received, latencies, strict=True)):
            n.ingest(db, f"m-{number}", body("high", number))
            db.execute(
                "update worker_notifications set received_at = now() - %s::interval,"
                " processed_at = now(), publish_time = now() - %s::interval where message_id = %s",
                (ago, latency, f"m-{number}"),
            )
        for message, ago in {"f-1": "2 minutes", "f-2": "2 hours", "f-3": "25 hours"}.items():
            n.ingest(db, message, f"no json: {message}")
            db.execute(
                "update worker_failures set last_failed_at = now() - %s::interval"
                " where message_id = %s",
                (ago, message),
            )
        found = rows(db, watch)
    found = [(name, messages, round(rate, 3), *rest) for name, messages, rate, *rest in found]
    assert found == [
        ("5 min", 2, Decimal("0.007"), 3, Decimal("3.9"), 4, 1),
        ("1 hour", 3, Decimal("0.001"), 4, Decimal("9.4"), 10, 1),
        ("24 hours", 4, 0, 4, Decimal("9.4"), 10, 2),
    ]


def test_open_failures_are_those_not_stored_since(db: Connection) -> None:
    db.execute("set application_name = 'relay-7'")
    for message, text in {"m-1": "no json", "m-2": '"text"', "m-3": "no json"}.items():
        failed = n.ingest(db, message, text)
    db.execute("update worker_failures set resolved_at = now() where message_id = 'm-1'")
    again = n.ingest(db, "m-2", '"text"')
    found = (
        db.cursor(row_factory=dict_row)
        .execute("select * from open_failures order by message_id")
        .fetchall()
    )
    for row in found:
        # m-2 failed twice, each time in a transaction of its own.
        assert (row.pop("first_failed_at") < row.pop("last_failed_at")) is (
            row["message_id"] == "m-2"
        )
    assert found == [
        {
            "message_id": message,
            "failure_count": count,
            "worker_id": "relay-7",
            "error_type": last["error_type"],
            "error_message": last["error_message"],
            "trace_id": last["trace_id"],
        }
        for message, count, last in (("m-2", 2, again), ("m-3", 1, failed))
    ]
