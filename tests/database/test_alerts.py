"""Alerts: what is raised and delivered, against a second opinion in Python, and side by side.

The database's clock cannot be set, so time passes for the rows instead: pass_time() moves them
into the past. Durations are such that the seconds a test takes make no difference.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import notifications as n
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import dedupe_hash
from psycopg.rows import dict_row

Row = dict[str, Any]
Key = tuple[str, str, str]

MINUTE = timedelta(minutes=1)
RANKS = ["success", "info", "warning", "high", "critical"]
KINDS = [
    "severity_raised",
    "severity_cleared",
    "buy_box_lost",
    "buy_box_won",
    "buy_box_suppressed",
    "undercut",
    "own_offer_missing",
    "pricing_issue",
]

# What an item's event may be, of few values so that things change back and forth.
minutes = st.integers(0, 12)
events = st.one_of(
    st.builds(
        n.OfferChange,
        asin=st.sampled_from(["B0TEST0001", "B0TEST0001", "B0TEST0002"]),
        event_time=minutes.map(lambda minute: n.START + minute * MINUTE),
        offers=st.builds(
            lambda own, winner, rivals: (
                *(n.Offer(listing=Decimal(10 + i)) for i in range(rivals)),
                *([n.Offer(n.SELLER, Decimal(own), winner=winner)] if own else []),
            ),
            own=st.sampled_from([9, 11, 16, 16, None]),
            winner=st.booleans(),
            rivals=st.sampled_from([1, 4, 12, 19]),
        ),
        counts=st.sampled_from([(), (n.Count("new", "Amazon", 3),)]),
        buy_box=st.sampled_from([(), (("new", n.Price(listing=Decimal(10))),)]),
    ),
    st.builds(
        n.PricingHealth,
        asin=st.sampled_from(["B0TEST0001", "B0TEST0001", "B0TEST0002"]),
        event_time=minutes.map(lambda minute: n.START + minute * MINUTE),
        merchant=st.just(n.Price(listing=Decimal(16))),
        threshold=st.sampled_from([Decimal(9), Decimal(11), Decimal(16)]),
    ),
)
# Apart from all differences of whole minutes.
holds = st.sampled_from([timedelta(0), timedelta(0), 1.5 * MINUTE, 3.5 * MINUTE])
cooldowns = st.sampled_from([timedelta(0), timedelta(0), 2.5 * MINUTE, timedelta(days=30)])


@dataclass
class Rule:
    kind: str
    min_severity: str
    hold: timedelta
    cooldown: timedelta
    channel: str = "default"
    active: bool = True


rules = st.builds(
    Rule, st.sampled_from(KINDS), st.sampled_from(RANKS), holds, cooldowns, st.sampled_from("ab")
)


def rank(row: Row | None) -> int:
    return RANKS.index(row["severity"]) if row else -1


def has_fired(rule: Rule, before: Row | None, after: Row) -> bool:
    """Whether a rule has something to tell; rows are current_state's."""
    limit = RANKS.index(rule.min_severity)
    if rule.kind == "severity_raised":
        return rank(before) < limit <= rank(after)
    if rule.kind == "pricing_issue":
        register = ("pricing_issue_time", "issue_dedupe_hash")
        return after["pricing_issue_time"] is not None and (
            before is None or any(before[name] != after[name] for name in register)
        )
    if rule.kind == "buy_box_suppressed":
        return bool(after[rule.kind]) and not (before and before[rule.kind])
    if before is None:
        return False
    if rule.kind == "severity_cleared":
        return rank(after) < limit <= rank(before)
    if before["event_time"] is None:
        return False
    if rule.kind == "undercut":
        return before["your_position"] == 1 and (after["your_position"] or 0) > 1
    if rule.kind == "own_offer_missing":
        gone = before["your_price"] is not None and after["your_price"] is None
        return gone and after["total_offers"] < 20
    won = (bool(before["buy_box_winner"]), bool(after["buy_box_winner"]))
    return won == ((True, False) if rule.kind == "buy_box_lost" else (False, True))


def has_ended(rule: Rule, before: Row | None, after: Row) -> bool:
    """Whether what an alert of the rule told of is over."""
    limit = RANKS.index(rule.min_severity)
    if rule.kind == "pricing_issue":
        offers = ("event_time", "offers_dedupe_hash")
        if before and all(before[name] == after[name] for name in offers):
            return False
        times = (after["event_time"], after["pricing_issue_time"])
        prices = (after["your_price"], after["reference_price"])
        cheap = None not in prices and prices[0] <= prices[1]
        return None not in times and times[0] >= times[1] and (after["buy_box_winner"] or cheap)
    over: Row = {
        "severity_raised": rank(after) < limit,
        "severity_cleared": rank(after) >= limit,
        "buy_box_lost": after["buy_box_winner"] is True,
        "buy_box_won": after["buy_box_winner"] is False,
        "buy_box_suppressed": after["buy_box_suppressed"] is False,
        "undercut": after["your_position"] == 1,
        "own_offer_missing": after["your_price"] is not None,
    }
    return bool(over[rule.kind])


@dataclass(eq=False)
class Alert:
    rule: str
    item: Key
    created: timedelta
    due: timedelta
    status: str = "pending"
    repeats: int = 0
    delivery: int | None = None

    def seen(self) -> tuple[Any, ...]:
        return (self.rule, self.item, self.status, self.repeats, self.delivery)


@dataclass
class Delivery:
    channel: str
    alerts: list[Alert]
    until: timedelta
    status: str = "waiting"
    attempts: int = 0
    before: int = 0

    def end(self, status: str) -> None:
        self.status = "sent" if status == "sent" else "dead"
        for alert in self.alerts:
            alert.status = status


PAUSES = [timedelta(seconds=5), timedelta(seconds=30), 3 * MINUTE, 15 * MINUTE, 60 * MINUTE]
LEASE, EXPIRY = 2 * MINUTE, 360 * MINUTE


def pause(tries: int) -> timedelta:
    return PAUSES[min(tries, len(PAUSES)) - 1]


@dataclass
class Model:
    """What must stand in alerts and alert_deliveries; now counts from the beginning."""

    rules: dict[str, Rule]
    now: timedelta = timedelta(0)
    alerts: list[Alert] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def apply(self, item: Key, before: Row | None, after: Row) -> None:
        for name, rule in sorted(self.rules.items()):
            if not rule.active or not has_fired(rule, before, after):
                continue
            told = [a for a in self.alerts if (a.rule, a.item) == (name, item)]
            last = [a for a in told if a.status != "cancelled"][-1:]
            if last and self.now < last[0].created + rule.cooldown:
                last[0].repeats += 1
            else:
                self.alerts.append(Alert(name, item, self.now, self.now + rule.hold))
        for alert in self.alerts:
            waits = alert.status == "pending" and alert.delivery is None and self.now < alert.due
            over = alert.item == item and has_ended(self.rules[alert.rule], before, after)
            if waits and over:
                alert.status = "cancelled"

    def claim(self, channels: str, limit: int) -> list[tuple[int, int, int]]:
        """The delivery, the attempt and how many alerts, of each that is given out."""
        for d in self.deliveries:
            lapsed = d.status == "sending" and d.until <= self.now
            if d.status == "waiting" or lapsed:
                if max(a.due for a in d.alerts) + EXPIRY <= self.now:
                    d.end("expired")
                elif lapsed and d.attempts - d.before >= 8:
                    d.end("dead")
        due: dict[str, list[Alert]] = {}
        for a in self.alerts:
            if a.status == "pending" and a.delivery is None and a.due <= self.now:
                rule = self.rules[a.rule]
                if not rule.active:
                    a.status = "cancelled"
                elif a.due + EXPIRY <= self.now:
                    a.status = "expired"
                elif rule.channel in channels:
                    due.setdefault(rule.channel, []).append(a)
        made = []
        for channel, alerts in due.items():
            made += [(channel, alerts)] if len(alerts) > 5 else [(channel, [a]) for a in alerts]
        for channel, alerts in sorted(made, key=lambda m: self.alerts.index(m[1][0])):
            self.deliveries.append(Delivery(channel, alerts, self.now))
            for alert in alerts:
                alert.delivery = len(self.deliveries)
        turn = [
            (d.until, number, d)
            for number, d in enumerate(self.deliveries, start=1)
            if d.channel in channels and self.is_next(d)
        ]
        given = sorted(turn, key=lambda t: t[:2])[:limit]
        for _, _, d in given:
            d.status, d.attempts, d.until = "sending", d.attempts + 1, self.now + LEASE
        return sorted((number, d.attempts, len(d.alerts)) for _, number, d in given)

    def is_next(self, d: Delivery) -> bool:
        if d.status == "sending" and d.until <= self.now:
            return d.until - LEASE + pause(d.attempts - d.before) <= self.now
        return d.status == "waiting" and d.until <= self.now


# The database's side.


def look(db: psycopg.Connection, item: Key) -> Row | None:
    return (
        db.cursor(row_factory=dict_row)
        .execute(
            "select * from current_state where (asin, marketplace, item_condition) = (%s, %s, %s)",
            item,
        )
        .fetchone()
    )


def pass_time(db: psycopg.Connection, much: timedelta) -> None:
    db.execute("update alerts set created_at = created_at - %s, due_at = due_at - %s", [much] * 2)
    db.execute("update alert_deliveries set leased_until = leased_until - %s", [much])


def start(db: psycopg.Connection, named: dict[str, Rule]) -> None:
    """Empty tables, and these rules."""
    db.execute(
        "truncate worker_notifications, current_state, alert_rules, alerts, alert_deliveries"
        " restart identity"
    )
    for name, r in named.items():
        db.execute(
            "insert into alert_rules (name, kind, min_severity, hold, cooldown, channel)"
            " values (%s, %s, %s, %s, %s, %s)",
            (name, r.kind, r.min_severity, r.hold, r.cooldown, r.channel),
        )


def statuses(db: psycopg.Connection) -> list[tuple[Any, ...]]:
    rows = db.execute(
        "select rule, asin, marketplace, item_condition, status, repeats, delivery_id"
        " from alerts order by id"
    ).fetchall()
    return [(rule, tuple(item), *rest) for rule, *item, rest in ((*r[:4], r[4:]) for r in rows)]


# Of one item, in whatever order.
batches = st.tuples(
    st.just("batch"),
    st.sampled_from(["B0TEST0001", "B0TEST0001", "B0TEST0002"]),
    st.lists(events, min_size=1, max_size=3),
)
steps = st.one_of(
    batches,
    batches,
    batches,
    st.tuples(st.just("pass"), st.sampled_from([1, 2, 2, 4, 16, 61, 130])),
    st.tuples(st.just("claim"), st.sampled_from(["ab", "ab", "a"]), st.sampled_from([1, 10, 10])),
    st.tuples(st.just("finish"), st.sampled_from(["sent", "failed", "failed", "gone", "late"])),
    st.tuples(st.just("revive")),
    st.tuples(st.just("turn"), st.integers(0, 3)),
)
some_rules = st.lists(rules, min_size=1, max_size=4)


@pytest.mark.ingest
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some_rules=some_rules, steps=st.lists(steps, min_size=10, max_size=50))
def test_whatever_happens_what_is_told_is_right(
    db: psycopg.Connection, some_rules: list[Rule], steps: list[tuple[Any, ...]]
) -> None:
    """In any order of arrival, with time passing, claims, failures, revivals and rules turned off:
    what is raised, counted, cancelled, given out and ended is what the model says; no delivery is
    given out twice with the same attempt, and at the end none that was due is forgotten."""
    model = Model({f"rule {number}": rule for number, rule in enumerate(some_rules)})
    start(db, model.rules)
    given: list[tuple[int, int]] = []
    claims: list[tuple[int, int]] = []

    def claim(channels: str, limit: int) -> None:
        rows = db.execute(
            "select delivery_id, attempt, jsonb_array_length(payload #> '{data,alerts}')"
            " from claim_alerts(%s, %s)",
            (list(channels), limit),
        ).fetchall()
        assert rows == model.claim(channels, limit)
        given.extend(row[:2] for row in rows)
        claims.extend(row[:2] for row in rows)

    def finish(outcome: str) -> None:
        number, attempt = claims.pop(0)
        d = model.deliveries[number - 1]
        under_way = d.status == "sending" and d.attempts == attempt
        if outcome == "late":
            outcome, under_way, attempt = "sent", False, attempt - 1
        found = db.execute("select finish_alert(%s, %s, %s)", (number, attempt, outcome))
        assert found.fetchone() == (under_way,)
        if not under_way:
            return
        if outcome == "failed" and d.attempts - d.before < 8:
            (left,) = db.execute(
                "select leased_until - now() from alert_deliveries where id = %s", (number,)
            ).fetchone() or (None,)
            shortest = pause(d.attempts - d.before)
            assert shortest - MINUTE / 20 <= left <= shortest * 1.25
            d.status, d.until = "waiting", model.now + left
        else:
            d.end("sent" if outcome == "sent" else "dead")

    for number, (step, *arguments) in enumerate(steps):
        if step == "batch":
            asin, told = arguments
            item = (asin, n.UK, "new")
            before = look(db, item)
            bodies = [n.text(n.pascal(replace(facts, asin=asin))) for facts in told]
            rows = n.ingest_batch(db, *((f"m-{number}-{i}", b) for i, b in enumerate(bodies)))
            if "processed" in {row["outcome"] for row in rows}:
                after = look(db, item)
                assert after
                model.apply(item, before, after)
        elif step == "pass":
            model.now += arguments[0] * MINUTE
            pass_time(db, arguments[0] * MINUTE)
        elif step == "claim":
            claim(*arguments)
        elif step == "finish" and claims:
            finish(*arguments)
        elif step == "revive":
            dead = [d for d in model.deliveries if d.status == "dead"]
            assert db.execute("select retry_deliveries()").fetchone() == (len(dead),)
            for d in dead:
                d.status, d.until, d.before = "waiting", model.now, d.attempts
                for alert in d.alerts:
                    alert.status, alert.due = "pending", model.now
        elif step == "turn" and arguments[0] < len(some_rules):
            rule = some_rules[arguments[0]]
            rule.active = not rule.active
            name = f"rule {arguments[0]}"
            db.execute("update alert_rules set active = not active where name = %s", (name,))
        assert statuses(db) == [alert.seen() for alert in model.alerts]

    # Whatever is not ended by now is told, or ends, once somebody goes on claiming.
    for _ in range(20):
        model.now += 61 * MINUTE
        pass_time(db, 61 * MINUTE)
        claim("ab", 100)
        while claims:
            finish("sent")
    assert "pending" not in {alert.status for alert in model.alerts if alert.due <= model.now}
    assert statuses(db) == [alert.seen() for alert in model.alerts]
    assert len(given) == len(set(given))
    assert db.execute("select count(*) from worker_failures").fetchone() == (0,)


def in_order(body: tuple[n.Facts, str]) -> tuple[Any, ...]:
    """Section 4's order, of what all has an event time."""
    facts, text = body
    return (facts.event_time, isinstance(facts, n.PricingHealth), dedupe_hash(text))


@pytest.mark.ingest
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=rules,
    history=st.lists(events, min_size=1, max_size=25),
    cut=minutes.map(lambda minute: n.START + (minute + 0.25) * MINUTE),
)
def test_a_preview_is_what_live_ingest_would_have_sent(
    db: psycopg.Connection, rule: Rule, history: list[n.Facts], cut: datetime
) -> None:
    start(db, {"mine": rule})
    db.execute("insert into items values ('B0TEST0001', %s) on conflict do nothing", [n.UK])
    db.execute("update items set title = 'Blue kettle'")
    bodies = sorted({n.text(n.pascal(facts)): facts for facts in history}.items())
    ordered = sorted(((facts, body) for body, facts in bodies), key=in_order)
    clock = n.START
    for number, (facts, body) in enumerate(ordered):
        assert facts.event_time
        pass_time(db, facts.event_time - clock)
        clock = facts.event_time
        assert n.ingest(db, f"m-{number}", body)["outcome"] == "processed"
    columns = "asin, marketplace, item_condition, headline"
    live = sorted(
        db.execute(
            f"select date_bin('1 s', %s + (due_at - now()) + '0.5 s', %s), {columns} from alerts"
            " where status <> 'cancelled'",
            (clock, n.START),
        ).fetchall()
    )
    preview = f"select at, {columns} from preview_alerts('mine', %s, %s)"
    assert sorted(db.execute(preview, ("-infinity", "infinity")).fetchall()) == live
    # Cut in two, it is the same.
    assert all(("Blue kettle" in row[4]) == (row[1] == "B0TEST0001") for row in live)
    for since, until in (("-infinity", cut), (cut, "infinity")):
        expected = [row for row in live if (row[0] < cut) == (since == "-infinity")]
        assert sorted(db.execute(preview, (since, until)).fetchall()) == expected


def test_an_unknown_rule_has_no_preview(db: psycopg.Connection) -> None:
    with pytest.raises(psycopg.Error) as refused:
        db.execute("select * from preview_alerts('nobody', '-infinity', 'infinity')")
    assert refused.value.sqlstate == "OC104"
    assert refused.value.diag.message_hint


def add_alerts(db: psycopg.Connection, count: int) -> None:
    db.execute(
        "insert into alerts (rule, kind, asin, marketplace, item_condition, headline, details)"
        " select 'critical', 'undercut', 'B0TEST' || i, %s, 'new', 'About it', '{}'"
        " from generate_series(1, %s) as i",
        (n.UK, count),
    )


def test_a_notice_names_the_channels_that_were_not_given(db: psycopg.Connection) -> None:
    heard: list[str] = []
    db.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    db.execute("select * from claim_alerts('{}')")
    assert heard == []
    db.execute("update alert_rules set channel = 'mail' where name = 'critical'")
    add_alerts(db, 1)
    for channels in ("{default}", "{}", None):
        assert db.execute("select * from claim_alerts(%s)", (channels,)).fetchall() == []
        assert [line.rpartition(" ")[2] for line in heard] == ["mail"]
        heard.clear()
    db.execute("select * from claim_alerts('{mail}')")
    assert heard == []
    db.execute("update alert_deliveries set leased_until = now() - interval '1 min'")
    db.execute("select * from claim_alerts('{}')")
    assert [line.rpartition(" ")[2] for line in heard] == ["mail"]


def test_who_claims_beside_another_gets_what_the_other_did_not(
    db: psycopg.Connection, connect: Callable[[], psycopg.Connection]
) -> None:
    add_alerts(db, 5)
    one, two = connect(), connect()
    query = "select delivery_id from claim_alerts('{default}', %s)"
    with one.transaction():
        first = one.execute(query, (2,)).fetchall()
        assert len(first) == 2
        # Uncommitted, the other five are not to be seen; the session does not wait either.
        assert two.execute(query, (10,)).fetchall() == []
    with one.transaction(), two.transaction():
        second = one.execute(query, (2,)).fetchall()
        third = two.execute(query, (10,)).fetchall()
    assert len({*first, *second, *third}) == len(first + second + third) == 5


@pytest.mark.parametrize("order", [1, -1])
def test_finishing_and_ingest_never_wait_in_a_circle(
    db: psycopg.Connection,
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_until: Callable[..., None],
    order: int,
) -> None:
    """Ingest counts repeats on the rows that the end of a digest writes, in whatever order."""
    db.execute("update alert_rules set cooldown = '1 day'")

    def issue(session: psycopg.Connection, number: int, minute: int) -> None:
        facts = n.PricingHealth(asin=f"B0TEST{number:04}", event_time=n.START + minute * MINUTE)
        n.ingest(session, f"{number} at {minute}", n.text(n.pascal(facts)))

    for number in range(8):
        issue(db, number, 0)
    rows = db.execute("select delivery_id, attempt from claim_alerts('{default}')").fetchall()
    assert len(rows) == 1
    ingesting, finishing = connect(), connect()
    waits = "select wait_event = 'PgSleep' from pg_stat_activity where pid = %s"
    with ingesting.transaction():
        issue(ingesting, [0, 7][::order][0], 1)
        end = in_background(finishing.execute, "select finish_alert(%s, %s, 'sent')", rows[0])
        pid = (finishing.info.backend_pid,)
        wait_until(lambda: db.execute(waits, pid).fetchone() == (True,), what="it to wait")
        issue(ingesting, [0, 7][::order][1], 1)
    assert end.result().fetchone() == (True,)
    assert db.execute(
        "select status, count(*), sum(repeats) from alerts group by status"
    ).fetchall() == [("sent", 8, 2)]


def test_alerters_beside_each_other_and_ingest_give_out_each_attempt_once(
    db: psycopg.Connection,
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
) -> None:
    db.execute("update alert_rules set cooldown = '0'")
    ingesting, sessions = connect(), [connect() for _ in range(3)]

    def ingest() -> None:
        for number in range(60):
            facts = n.PricingHealth(
                asin=f"B0TEST000{number % 7}", event_time=n.START + number * MINUTE
            )
            n.ingest(ingesting, f"m-{number}", n.text(n.pascal(facts)))

    work = in_background(ingest)

    def deliver(session: psycopg.Connection) -> list[tuple[int, int, str]]:
        seen = []
        idle = False
        while not idle:
            idle = work.done()
            rows = session.execute(
                "select delivery_id, attempt, payload #>> '{data,alerts}'"
                " from claim_alerts('{default}')"
            ).fetchall()
            for number, attempt, _ in rows:
                session.execute("select finish_alert(%s, %s, 'sent')", (number, attempt))
            seen += rows
        return seen

    alerters = [in_background(deliver, session) for session in sessions]
    work.result()
    seen = [row for alerter in alerters for row in alerter.result()]
    seen += deliver(db)
    assert len({row[:2] for row in seen}) == len(seen)
    assert {row[1] for row in seen} == {1}
    told = [
        number for (ids,) in db.execute("select alert_ids from alert_deliveries") for number in ids
    ]
    raised = [row[0] for row in db.execute("select id from alerts").fetchall()]
    assert sorted(told) == sorted(raised)
    assert db.execute("select distinct status from alerts").fetchall() == [("sent",)]
