"""Several sessions at once on one database: real locks, real waits, in an order that is awaited."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import notifications as n
import oracle
import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row

from relay import INGEST

WaitUntil = Callable[..., None]


@pytest.fixture
def wait_for_lock(
    connect: Callable[[], psycopg.Connection], wait_until: WaitUntil
) -> Callable[[psycopg.Connection], int | None]:
    """Returns once this session waits for a lock: an advisory lock's number, or None."""
    observer = connect()

    def wait_for_lock(session: psycopg.Connection) -> int | None:
        def waiting() -> list[Any]:
            return observer.execute(
                "select case when locktype = 'advisory'"
                "   then (classid::bigint << 32) | objid::bigint end"
                " from pg_locks where not granted and pid = %s",
                (session.info.backend_pid,),
            ).fetchall()

        wait_until(waiting, what="a session to wait for a lock")
        number: int | None
        ((number,),) = waiting()
        return number

    return wait_for_lock


def ingest_batch(db: psycopg.Connection, *messages: tuple[str, str]) -> list[n.Json]:
    """The rows for these messages, ingested as the relay ingests a batch, in their order."""
    cursor = db.cursor(row_factory=dict_row)
    cursor.execute(INGEST, ([m for m, _ in messages], [body for _, body in messages]))
    return sorted(cursor.fetchall(), key=lambda row: row["position"])


def offers(minute: int = 0, price: int = 10, **facts: Any) -> str:
    """A body about offers at this minute."""
    time = n.START + timedelta(minutes=minute)
    offer = n.Offer(seller=n.SELLER, listing=Decimal(price))
    return n.text(n.pascal(n.OfferChange(event_time=time, offers=(offer,), **facts)))


def outcomes(rows: list[n.Json]) -> list[str]:
    return [row["outcome"] for row in rows]


@contextmanager
def held(session: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A transaction of this session, which commits in the end."""
    with session.transaction():
        yield session


def failures(db: psycopg.Connection) -> list[Any]:
    return db.execute("select message_id, failure_count from worker_failures").fetchall()


def test_a_crowd_on_hot_items_neither_deadlocks_nor_loses_an_update(
    db: psycopg.Connection, connect: Callable[[], psycopg.Connection], wait_until: WaitUntil
) -> None:
    sessions, batches, size = 6, 30, 10
    chance = random.Random(1)
    history: list[tuple[n.Facts, str]] = []
    for number in range(300):
        item: dict[str, Any] = {
            "asin": f"B0HOT{number % 3}",
            "condition": chance.choice(["new", "used"]),
            "event_time": n.START + timedelta(minutes=chance.randrange(40)),
        }
        price = Decimal(number) / 10 + 5
        facts: n.Facts = n.OfferChange(**item, offers=(n.Offer(n.SELLER, price), n.Offer()))
        if number % 5 == 0:
            facts = n.PricingHealth(**item, merchant=n.Price(price), threshold=Decimal(10))
        envelope = chance.choice(n.ENVELOPES)
        history.append((facts, n.text(envelope(n.pascal(facts)))))

    # Each session gets every body at least once, in an order of its own, some twice in one batch.
    start = Barrier(sessions)

    def work(session: int) -> list[str]:
        order = random.Random(session)
        bodies = [body for _, body in history]
        order.shuffle(bodies)
        found = []
        with connect() as connection:
            start.wait()
            for batch in range(batches):
                chosen = bodies[batch * size : (batch + 1) * size]
                chosen.append(order.choice(chosen))
                messages = [(f"{session}-{batch}-{i}", body) for i, body in enumerate(chosen)]
                found += outcomes(ingest_batch(connection, *messages))
        return found

    with ThreadPoolExecutor(sessions) as executor:
        found = [outcome for each in executor.map(work, range(sessions)) for outcome in each]

    assert set(found) == {"processed", "stale", "duplicate"}
    assert found.count("duplicate") == sessions * batches * (size + 1) - len(history)
    stored = db.execute("select dedupe_hash from worker_notifications").fetchall()
    assert sorted(h for (h,) in stored) == sorted(oracle.dedupe_hash(body) for _, body in history)
    assert n.current_state(db) == oracle.current_state(history)
    assert failures(db) == []
    # A session's statistics are complete once it has ended.
    others = "select from pg_stat_activity where datname = current_database() and pid <> %s"
    wait_until(lambda: not db.execute(others, (db.info.backend_pid,)).fetchall())
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    assert db.execute(deadlocks).fetchall() == [(0,)]


def test_a_batch_takes_its_locks_in_ascending_order_whatever_its_own_order_is(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for_lock: Callable[[psycopg.Connection], int | None],
) -> None:
    blocker, session = connect(), connect()
    # New and used share a lock: the two copies of one ASIN are no two places in the order.
    bodies = [
        offers(asin=asin, condition=condition)
        for asin in ("B0ORDER001", "B0ORDER002", "B0ORDER003", "B0ORDER004")
        for condition in ("new", "used")
    ]
    locks = blocker.execute(
        "select distinct ingest_order(body) as lock from unnest(%s::text[]) as body order by lock",
        (bodies,),
    ).fetchall()
    assert len(locks) == 4

    with held(blocker):
        for (lock,) in locks:
            blocker.execute("select pg_advisory_xact_lock(%s)", (lock,))
        messages = [(f"m-{number}", body) for number, body in enumerate(bodies)]
        ingesting = in_background(ingest_batch, session, *reversed(messages))
        waits_for = wait_for_lock(session)
    first = min(lock for (lock,) in locks)
    assert waits_for == first
    assert outcomes(ingesting.result()) == ["processed"] * 8


@pytest.mark.parametrize("message_id", ["m-1", "m-2"])
def test_the_second_of_two_equal_bodies_waits_and_is_a_duplicate(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for_lock: Callable[[psycopg.Connection], int | None],
    message_id: str,
) -> None:
    first, second = connect(), connect()
    body = offers()
    with held(first):
        stored = n.ingest(first, "m-1", body)
        ingesting = in_background(n.ingest, second, message_id, body)
        wait_for_lock(second)
    assert stored["outcome"] == "processed"
    assert ingesting.result() == stored | {"outcome": "duplicate"}
    assert first.execute("select message_id from worker_notifications").fetchall() == [("m-1",)]


def test_the_second_of_two_equal_bodies_is_processed_where_the_first_rolled_back(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for_lock: Callable[[psycopg.Connection], int | None],
) -> None:
    first, second = connect(), connect()
    with first.transaction(force_rollback=True):
        n.ingest(first, "m-1", offers())
        ingesting = in_background(n.ingest, second, "m-2", offers())
        wait_for_lock(second)
    assert ingesting.result()["outcome"] == "processed"
    assert first.execute("select message_id from worker_notifications").fetchall() == [("m-2",)]


def test_two_deliveries_of_a_broken_message_at_once_count_as_two(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for_lock: Callable[[psycopg.Connection], int | None],
) -> None:
    first, second = connect(), connect()
    with held(first):
        assert n.ingest(first, "m-1", "no json")["outcome"] == "failed"
        ingesting = in_background(n.ingest, second, "m-1", "no json")
        wait_for_lock(second)
    assert ingesting.result()["outcome"] == "failed"
    assert failures(first) == [("m-1", 2)]


# Trouble with the world is no failure of the message.


def nothing_of(db: psycopg.Connection, message_id: str) -> bool:
    return not db.execute(
        "select message_id from worker_notifications where message_id = %(id)s"
        " union all select message_id from worker_failures where message_id = %(id)s",
        {"id": message_id},
    ).fetchall()


@pytest.mark.parametrize(
    "taken",
    [
        "select pg_advisory_xact_lock(ingest_order(%(body)s))",
        "select from current_state for update",  # met inside the handler's own block
    ],
)
@pytest.mark.parametrize(
    ("limit", "error"),
    [
        ("set lock_timeout = '1ms'", errors.LockNotAvailable),
        ("set statement_timeout = '50ms'", errors.QueryCanceled),
    ],
)
def test_a_lock_not_had_in_time_is_raised(
    connect: Callable[[], psycopg.Connection],
    taken: str,
    limit: str,
    error: type[psycopg.Error],
) -> None:
    blocker, session = connect(), connect()
    n.ingest(blocker, "m-0", offers(minute=0))
    body = offers(minute=1)
    session.execute(limit)
    with held(blocker):
        blocker.execute(taken, {"body": body})
        with pytest.raises(error):
            n.ingest(session, "m-1", body)
    assert nothing_of(blocker, "m-1")
    session.execute("reset all")
    assert n.ingest(session, "m-1", body)["outcome"] == "processed"


def test_a_serialization_failure_is_raised(connect: Callable[[], psycopg.Connection]) -> None:
    first, second = connect(), connect()
    n.ingest(first, "m-0", offers(minute=0))
    body = offers(minute=2)
    second.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

    def overtaken() -> None:
        with second.transaction():
            second.execute("select from current_state")
            n.ingest(first, "m-1", offers(minute=1))
            n.ingest(second, "m-2", body)

    with pytest.raises(errors.SerializationFailure):
        overtaken()
    assert nothing_of(first, "m-2")
    assert n.ingest(second, "m-2", body)["outcome"] == "processed"


@pytest.mark.parametrize("body", [offers(), "no json"])
def test_a_read_only_server_is_raised(connect: Callable[[], psycopg.Connection], body: str) -> None:
    session = connect()
    session.execute("set default_transaction_read_only = on")
    with pytest.raises(errors.ReadOnlySqlTransaction):
        n.ingest(session, "m-1", body)
    session.execute("reset all")
    assert nothing_of(session, "m-1")


@pytest.mark.parametrize(
    ("ended_by", "error"),
    [
        ("pg_cancel_backend", errors.QueryCanceled),
        ("pg_terminate_backend", errors.AdminShutdown),
    ],
)
def test_an_operator_who_ends_a_call_fails_no_message(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_for_lock: Callable[[psycopg.Connection], int | None],
    ended_by: str,
    error: type[psycopg.Error],
) -> None:
    operator, session = connect(), connect()
    n.ingest(operator, "m-0", offers(minute=0))
    with held(operator):
        operator.execute("select from current_state for update")
        ingesting = in_background(n.ingest, session, "m-1", offers(minute=1))
        wait_for_lock(session)
        operator.execute(f"select {ended_by}(%s)", (session.info.backend_pid,))
        with pytest.raises(error):
            ingesting.result()
    assert nothing_of(operator, "m-1")


def test_a_listener_hears_once_of_each_transaction_that_changed_current_state(
    connect: Callable[[], psycopg.Connection],
) -> None:
    listener, session = connect(), connect()
    listener.execute("listen current_state")
    listener.execute("listen done")

    def heard_of(*messages: tuple[str, str]) -> tuple[list[str], list[str]]:
        """The batch's outcomes, and the payloads that came before what was sent after it."""
        found = outcomes(ingest_batch(session, *messages))
        session.execute("notify done")
        payloads: list[str] = []
        for heard in listener.notifies(timeout=30):
            if heard.channel == "done":
                return found, payloads
            payloads.append(heard.payload)
        raise AssertionError("the notification sent last did not come")

    issue = n.text(n.camel(n.PricingHealth()))
    several = [("m-1", offers(1)), ("m-2", offers(2)), ("m-3", offers(1, condition="used"))]
    assert heard_of(*several) == (["stale", "processed", "processed"], [""])
    assert heard_of(("m-4", issue)) == (["processed"], [""])
    assert heard_of(("m-5", offers(3)), ("m-6", "no json")) == (["processed", "failed"], [""])

    assert heard_of(("m-7", offers(2)), ("m-1", offers(1))) == (["duplicate", "duplicate"], [])
    assert heard_of(("m-8", offers(0))) == (["stale"], [])
    assert heard_of(("m-9", n.text(n.other()))) == (["processed"], [])
    assert heard_of(("m-6", "no json")) == (["failed"], [])
