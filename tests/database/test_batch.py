"""ingest_notification of a batch: as if its messages came one after the other, in one write."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise, permutations
from typing import Any

import notifications as n
import oracle
import psycopg
import pytest
import strategies as s
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from psycopg import errors
from psycopg.rows import dict_row

pytestmark = pytest.mark.ingest

Message = tuple[str, str]
WaitFor = Callable[[psycopg.Connection, psycopg.Connection], None]


def rows(db: psycopg.Connection, query: str) -> list[n.Json]:
    return db.cursor(row_factory=dict_row).execute(query).fetchall()


def outcomes(found: Iterable[n.Json]) -> list[str]:
    return [row["outcome"] for row in found]


def offers(minute: int = 0, price: int = 10, **facts: Any) -> str:
    """A body about offers at this minute."""
    time = n.START + timedelta(minutes=minute)
    offer = n.Offer(seller=n.SELLER, listing=Decimal(price))
    return n.text(n.pascal(n.OfferChange(event_time=time, offers=(offer,), **facts)))


def issue(minute: int = 0, **facts: Any) -> str:
    """A body about a pricing issue at this minute."""
    time = n.START + timedelta(minutes=minute)
    return n.text(n.camel(n.PricingHealth(event_time=time, **facts)))


# However a stream is cut.

# What is stored, with what differs from run to run (ids, clocks, the call stack) left out.
STORED = """
select to_jsonb(n) - '{id,trace_id,processed_at,created_at}'::text[] as row
from worker_notifications as n order by message_id collate "C"
"""
STATE = """
select to_jsonb(c) - 'last_notification_id'
  || jsonb_build_object('last_hash', n.dedupe_hash) as row
from current_state as c
left join worker_notifications as n on n.id = c.last_notification_id
order by c.asin, c.marketplace, c.item_condition
"""
FAILURES = """
select to_jsonb(w) - '{id,trace_id,stack_trace}'::text[] as row
from worker_failures as w order by message_id collate "C"
"""
# The state that a message's own event stands in, if it does: what processed tells from stale.
APPLIED = """
select n.id
from worker_notifications as n
inner join current_state as c using (asin, marketplace, item_condition)
where n.dedupe_hash in (c.offers_dedupe_hash, c.issue_dedupe_hash)
"""

BAD = [
    "",
    "no json",
    "[]",
    '{"EventTime":"2024-01-15T10:30:00Z"}',
    '{"NotificationType":"ANY_OFFER_CHANGED"}',
    n.text(n.other(OfferChangeTrigger={"ASIN": "B" * 21})),
    n.text(n.pascal(n.OfferChange(offers=(n.Offer(listing=Decimal(-1)),)))),
    n.text(n.pascal(n.OfferChange(offers=(n.Offer(listing=Decimal(10**9)),)))),
]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Message], list[Message], list[int]]:
    """Messages, those of them that failed long ago, and where to cut.

    Few ids and bodies, so that both come again: alone, and each with another of the other.
    """
    good = [body for _, body in draw(st.lists(s.bodies(), min_size=1, max_size=6))]
    bodies = st.one_of(*map(st.sampled_from, [good, good, good, BAD, [n.text(n.other())]]))
    ids = st.integers(0, 11).map("m-{}".format)
    stream = draw(st.lists(st.tuples(ids, bodies), min_size=2, max_size=12))
    # An id had one body then as it has now: of two bodies only the later one is kept.
    bodies_of = {i: {b for other, b in stream if other == i} for i, _ in stream}
    single = [message for message in stream if len(bodies_of[message[0]]) == 1]
    failed = draw(st.lists(st.sampled_from(single), max_size=2, unique=True)) if single else []
    redriven = draw(st.lists(st.sampled_from(good), max_size=1))
    failed += [("redriven", body) for body in redriven]
    cuts = draw(st.sets(st.integers(1, len(stream) - 1)))
    return stream, failed, sorted(cuts)


def leave(
    db: psycopg.Connection, stream: list[Message], failed: list[Message], cuts: list[int]
) -> tuple[list[Any], list[Any]]:
    """What each message comes back as, and what stands in the tables, after batches cut there."""
    answers = []
    with db.transaction(force_rollback=True):
        for message_id, body in failed:
            db.execute(
                "insert into worker_failures (message_id, raw_message, dedupe_hash, error_type,"
                " first_failed_at) values (%s, to_jsonb(%s::text), %s, 'some_reason', %s)",
                (message_id, body, oracle.dedupe_hash(body), n.START + timedelta(seconds=1)),
            )
        for start, end in pairwise([0, *cuts, len(stream)]):
            batch = n.ingest_batch(db, *stream[start:end])
            assert [row["position"] for row in batch] == list(range(1, end - start + 1))
            applied = {row["id"] for row in rows(db, APPLIED)}
            stored = {row["id"]: row for row in rows(db, "select * from worker_notifications")}
            for row in batch:
                event(row["outcome"])
                assert row["acknowledge"] is (row["outcome"] != "failed")
                kept = stored.get(row["notification_id"])
                if row["outcome"] == "failed":
                    assert kept is None
                    assert row["error_message"]
                    answers.append((row["error_type"], row["error_message"]))
                    continue
                assert kept
                same = ("asin", "marketplace", "severity", "trace_id")
                assert [row[name] for name in same] == [kept[name] for name in same]
                has_state = kept["notification_type"] in ("ANY_OFFER_CHANGED", "PRICING_HEALTH")
                if row["outcome"] != "duplicate":
                    stale = has_state and kept["id"] not in applied
                    assert row["outcome"] == ("stale" if stale else "processed")
                answers.append((row["outcome"] == "duplicate", kept["dedupe_hash"]))
        tables = [rows(db, query) for query in (STORED, STATE, FAILURES)]
        unexplained = "select from worker_failures where stack_trace is null and failure_count > 1"
        assert rows(db, unexplained) == []
    return answers, tables


def test_a_message_whose_id_came_before_in_its_batch_repeats_that_one(
    db: psycopg.Connection,
) -> None:
    # Its body is stored already, under another id.
    n.ingest(db, "m-0", offers())
    first, second = n.ingest_batch(db, ("m-1", offers(asin="B0TEST0002")), ("m-1", offers()))
    assert outcomes([first, second]) == ["processed", "duplicate"]
    assert second["notification_id"] == first["notification_id"]


@settings(
    max_examples=120,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=streams())
def test_however_a_stream_is_cut_into_batches_it_leaves_the_same(
    db: psycopg.Connection, drawn: tuple[list[Message], list[Message], list[int]]
) -> None:
    stream, failed, cuts = drawn
    with db.transaction(force_rollback=True):  # one now() for all three
        one_by_one = leave(db, stream, failed, list(range(1, len(stream))))
        assert leave(db, stream, failed, []) == one_by_one
        assert leave(db, stream, failed, cuts) == one_by_one


def test_several_events_of_one_item_in_one_batch_leave_the_newest_in_any_order(
    db: psycopg.Connection,
) -> None:
    facts: list[n.Facts] = [
        n.OfferChange(offers=(n.Offer(n.SELLER),)),
        n.OfferChange(event_time=n.START + timedelta(minutes=2), offers=(n.Offer(),)),
        n.OfferChange(condition="used", offers=(n.Offer(winner=True),)),
        n.PricingHealth(event_time=n.START + timedelta(minutes=1), threshold=Decimal(9)),
        n.PricingHealth(event_time=n.START + timedelta(minutes=2), threshold=Decimal(8)),
    ]
    history = [(fact, n.text(n.pascal(fact))) for fact in facts]
    expected = ["stale", "processed", "processed", "stale", "processed"]
    for order in permutations(range(len(history))):
        with db.transaction(force_rollback=True):
            found = n.ingest_batch(db, *[(f"m-{i}", history[i][1]) for i in order])
            assert outcomes(found) == [expected[i] for i in order]
            assert n.current_state(db) == oracle.current_state(history)


def test_a_message_twice_in_a_batch_is_a_duplicate_of_itself(db: psycopg.Connection) -> None:
    first, second, third, other = n.ingest_batch(
        db, ("m-1", offers()), ("m-1", offers()), ("m-2", offers()), ("m-1", offers(price=11))
    )
    assert first["outcome"] == "processed"
    for again in (second, third, other):
        position = {"position": again["position"]}
        assert again == first | position | {"outcome": "duplicate", "acknowledge": True}
    stored = rows(db, "select message_id, dedupe_hash from worker_notifications")
    assert stored == [{"message_id": "m-1", "dedupe_hash": oracle.dedupe_hash(offers())}]
    assert rows(db, "select from worker_failures") == []


def test_bad_messages_of_a_batch_cost_their_neighbours_nothing(db: psycopg.Connection) -> None:
    found = n.ingest_batch(
        db,
        ("m-1", "no json"),
        ("m-2", offers()),
        ("m-1", "no json"),
        ("m-3", issue()),
        ("m-4", BAD[-1]),
        ("m-5", "no json"),
    )
    expected = ["failed", "processed", "failed", "processed", "failed", "failed"]
    assert outcomes(found) == expected
    assert [row["acknowledge"] for row in found] == [o == "processed" for o in expected]
    counted = rows(
        db, "select message_id, failure_count, trace_id from worker_failures order by message_id"
    )
    # The failure's trace is that of its last occurrence.
    assert counted == [
        {"message_id": "m-1", "failure_count": 2, "trace_id": found[2]["trace_id"]},
        {"message_id": "m-4", "failure_count": 1, "trace_id": found[4]["trace_id"]},
        {"message_id": "m-5", "failure_count": 1, "trace_id": found[5]["trace_id"]},
    ]
    stored = rows(db, "select message_id from worker_notifications order by message_id")
    assert [row["message_id"] for row in stored] == ["m-2", "m-3"]


def test_a_batch_of_bad_messages_is_kept_whole(db: psycopg.Connection) -> None:
    messages = [(f"m-{number}", body) for number, body in enumerate(BAD)]
    for times in (1, 2):
        assert outcomes(n.ingest_batch(db, *messages)) == ["failed"] * len(BAD)
        kept = rows(
            db,
            "select message_id, raw_message #>> '{}' as body, failure_count from worker_failures"
            " order by message_id",
        )
        assert kept == [
            {"message_id": message_id, "body": body, "failure_count": times}
            for message_id, body in messages
        ]
    assert rows(db, "select from worker_notifications") == []


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_batch_of_any_size_is_stored_and_then_recognised(
    db: psycopg.Connection, size: int
) -> None:
    history: list[tuple[n.Facts, str]] = []
    for number in range(size):
        fact = n.OfferChange(
            asin=f"B0SIZE{number % 40:04}",
            event_time=n.START + timedelta(minutes=number),
            offers=(n.Offer(n.SELLER, Decimal(number % 17 + 1)), n.Offer()),
        )
        history.append((fact, n.text(n.pascal(fact))))
    messages = [(f"m-{number}", body) for number, (_, body) in enumerate(history)]
    found = n.ingest_batch(db, *messages)
    assert [row["position"] for row in found] == list(range(1, size + 1))
    newest = range(max(0, size - 40), size)
    assert outcomes(found) == [
        "processed" if number in newest else "stale" for number in range(size)
    ]
    assert n.current_state(db) == oracle.current_state(history)

    again = n.ingest_batch(db, *messages)
    assert again == [row | {"outcome": "duplicate"} for row in found]
    assert rows(db, "select count(*) from worker_notifications") == [{"count": size}]


# What the caller must not do, and need not.


@pytest.mark.parametrize(
    ("message_ids", "bodies"),
    [
        (["m-1"], []),
        ([], [offers()]),
        (["m-1", "m-2"], [offers()]),
        (["m-1", None], [offers(), offers(1)]),
        (["m-1", "m-2"], [offers(), None]),
        (None, [offers()]),
        (["m-1"], None),
        (None, None),
        ("{m-1}", '[2:2]={"{}"}'),  # their elements would be taken for another message's
        ("[0:0]={m-1}", '[0:0]={"{}"}'),
    ],
)
def test_arrays_that_are_not_alike_are_the_callers_error(
    db: psycopg.Connection,
    message_ids: list[str | None] | str | None,
    bodies: list[str | None] | str | None,
) -> None:
    with pytest.raises(errors.InvalidParameterValue) as raised:
        db.execute(
            "select * from ingest_notification(%s::text[], %s::text[])", (message_ids, bodies)
        )
    assert raised.value.diag.message_hint
    assert rows(db, "select from worker_notifications") == []
    assert rows(db, "select from worker_failures") == []


@pytest.mark.parametrize("argument", ["message_id", "body"])
def test_a_null_in_the_form_for_one_message_is_the_callers_error(
    db: psycopg.Connection, argument: str
) -> None:
    message = {"message_id": "m-1", "body": offers()} | {argument: None}
    with pytest.raises(errors.InvalidParameterValue):
        db.execute("select * from ingest_notification(%(message_id)s, %(body)s::text)", message)


def test_an_empty_batch_gives_no_row(db: psycopg.Connection) -> None:
    assert n.ingest_batch(db) == []


def test_the_form_for_one_message_is_the_batch_of_one(db: psycopg.Connection) -> None:
    (of_one,) = n.ingest_batch(db, ("m-1", offers()))
    alone = n.ingest(db, "m-1", offers())
    assert list(alone) == list(of_one)[1:]
    assert alone == {k: v for k, v in of_one.items() if k != "position"} | {"outcome": "duplicate"}


# A write that one of several messages makes fail.

GUARD = """
create function guard() returns trigger language plpgsql as $$
begin
  if new.message_id = 'm-5' then
    raise exception 'not this one' using errcode = '23514';
  end if;
  return new;
end $$;
create trigger guard before insert on worker_notifications for each row execute function guard();
"""


def test_a_write_that_fails_for_one_of_ten_raises_and_fails_that_one_alone(
    db: psycopg.Connection,
) -> None:
    db.execute(GUARD)
    messages = [(f"m-{number}", offers(number)) for number in range(10)]
    with pytest.raises(errors.CheckViolation, match="not this one"):
        n.ingest_batch(db, *messages, ("m-10", "no json"))
    for table in ("worker_notifications", "current_state", "worker_failures"):
        assert rows(db, f"select from {table}") == []

    alone = [n.ingest(db, *message) for message in messages]
    failed = alone.pop(5)
    assert outcomes(alone) == ["processed"] * 9
    assert (failed["outcome"], failed["error_type"]) == ("failed", "check_violation")
    assert "not this one" in failed["error_message"]
    (kept,) = rows(db, "select message_id, stack_trace from worker_failures")
    assert kept["message_id"] == "m-5"
    assert "guard()" in kept["stack_trace"]
    assert rows(db, "select count(*) from worker_notifications") == [{"count": 9}]

    db.execute("drop trigger guard on worker_notifications")
    assert outcomes(n.ingest_batch(db, *messages)) == [
        "stale" if number == 5 else "duplicate" for number in range(10)
    ]
    assert rows(db, "select from worker_failures where resolved_at is null") == []


def test_what_cannot_be_read_is_not_written_beside_its_failure(db: psycopg.Connection) -> None:
    db.execute(
        "create function closed() returns trigger language plpgsql as"
        " $$begin raise 'closed'; end$$;"
        "create trigger closed before insert on worker_notifications"
        " for each statement execute function closed()"
    )
    for bad in ([("m-1", "no json")], [("m-2", "no json"), ("m-3", "[]")]):
        found = n.ingest_batch(db, *bad)
        assert outcomes(found) == ["failed"] * len(bad)
        assert "closed" not in str(found)
        assert all(row["trace_id"] for row in found)
    assert rows(db, "select failure_count from worker_failures") == [{"failure_count": 1}] * 3


# Beside another session.


def test_a_batch_waits_for_another_sessions_item(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: WaitFor,
) -> None:
    first, second = connect(), connect()
    with first.transaction():
        (stored,) = n.ingest_batch(first, ("m-1", offers(1)))
        ingesting = in_background(
            n.ingest_batch,
            second,
            ("m-2", offers(asin="B0TEST0002")),
            ("m-3", offers(0)),
            ("m-4", offers(1)),
        )
        wait_for(second, first)
    free, stale, duplicate = ingesting.result()
    assert outcomes([free, stale, duplicate]) == ["processed", "stale", "duplicate"]
    assert duplicate == stored | {"position": 3, "outcome": "duplicate"}


def test_two_batches_in_crossed_order_do_not_deadlock(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: WaitFor,
) -> None:
    blocker, first, second = connect(), connect(), connect()
    bodies = [offers(asin=f"B0CROSS{number:03}") for number in range(4)]
    locks = blocker.execute(
        "select distinct ingest_order(b) as lock from unnest(%s::text[]) as b order by lock desc",
        (bodies,),
    ).fetchall()
    assert len(locks) == 4
    with blocker.transaction():
        # Whoever comes first takes all others and then waits for this one; the second for him.
        blocker.execute("select pg_advisory_xact_lock(%s)", locks[0])
        messages = [(f"m-{number}", body) for number, body in enumerate(bodies)]
        one = in_background(n.ingest_batch, first, *messages)
        wait_for(first, blocker)
        two = in_background(n.ingest_batch, second, *reversed(messages))
        wait_for(second, first)
    assert outcomes(one.result()) == ["processed"] * 4
    assert outcomes(two.result()) == ["duplicate"] * 4


def test_a_message_stored_between_look_and_write_is_a_duplicate(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: WaitFor,
) -> None:
    first, second = connect(), connect()
    # One id with two items' bodies: their locks do not meet, the unique constraint does.
    with first.transaction():
        (stored,) = n.ingest_batch(first, ("m-1", offers()))
        ingesting = in_background(n.ingest_batch, second, ("m-1", offers(asin="B0TEST0002")))
        wait_for(second, first)
    assert ingesting.result() == [stored | {"outcome": "duplicate"}]
    assert list(n.current_state(first)) == [("B0TEST0001", n.UK, "new")]
    assert rows(first, "select from worker_failures") == []


def test_what_failed_while_a_write_waited_is_resolved(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: WaitFor,
) -> None:
    first, second = connect(), connect()
    with first.transaction():
        n.ingest_batch(first, ("m-1", offers()))
        ingesting = in_background(n.ingest_batch, second, ("m-1", offers(asin="B0TEST0002")))
        wait_for(second, first)
        n.ingest(connect(), "m-1", "no json")
    assert outcomes(ingesting.result()) == ["duplicate"]
    assert rows(first, "select resolved_at is not null as ok from worker_failures") == [
        {"ok": True}
    ]


def test_a_batch_of_which_one_was_stored_between_look_and_write_is_repeated_one_by_one(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: WaitFor,
) -> None:
    first, second = connect(), connect()
    messages = [("m-1", offers(asin="B0TEST0002")), ("m-2", offers(asin="B0TEST0003"))]
    with first.transaction():
        n.ingest_batch(first, ("m-1", offers()))
        ingesting = in_background(n.ingest_batch, second, *messages)
        wait_for(second, first)
    with pytest.raises(errors.UniqueViolation):
        ingesting.result()
    assert outcomes(n.ingest(second, *message) for message in messages) == [
        "duplicate",
        "processed",
    ]
    assert rows(first, "select from worker_failures") == []
