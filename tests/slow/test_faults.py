"""Real faults under the relay: servers stopped, crashed and hung, processes killed, bad answers.

What must hold at the end of each: every distinct body stored once, current_state at the newest
event of each item, nothing left in the queue that could be stored, nothing counted as a failure
that was the world's fault.
"""

import itertools
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psutil
import psycopg
import pytest
from cluster import Cluster
from moto.server import ThreadedMotoServer
from relays import RelayProcess
from sqs import Answer, Proxy, Queue, broken, offer_changed
from sqs_stand_in import StandIn

WaitUntil = Callable[..., None]
Connection = psycopg.Connection[Any]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn().running() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server to stop and to crash, and to start again. What it says is stored is on disk."""
    with Cluster(durable=True) as cluster:
        yield cluster


@pytest.fixture
def own_settings(own_cluster: Cluster, queue_url: str) -> dict[str, object]:
    url = own_cluster.create_database(migrated=True)
    return {"DATABASE_URL": url, "SQS_QUEUE_URL": queue_url}


def ask(settings: dict[str, object], query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, over a connection of its own."""
    with psycopg.connect(str(settings["DATABASE_URL"]), autocommit=True) as connection:
        return connection.execute(query).fetchall()


def crowd(items: int, messages: int, wave: int = 0) -> list[str]:
    """Events of few items, new and used, in no order, every fifth twice; later in a later wave."""
    bodies = [
        offer_changed(f"B{n % items:09}", wave * messages + n, ("new", "used")[n // items % 2])
        for n in range(messages)
    ]
    bodies += bodies[::5]
    random.Random(wave).shuffle(bodies)
    return bodies


def assert_all_is_there(settings: dict[str, object], bodies: list[str]) -> None:
    """Every distinct body is stored once, each item stands at its newest event, nothing failed."""
    assert ask(
        settings, "select count(*), count(distinct dedupe_hash) from worker_notifications"
    ) == [(len(set(bodies)), len(set(bodies)))]
    assert ask(settings, "select count(*) from worker_failures") == [(0,)]
    wrong = ask(
        settings,
        "select s.asin, s.item_condition, s.event_time, n.newest from current_state s full join ("
        "  select asin, item_condition, max(event_time) as newest from worker_notifications"
        "  group by asin, item_condition) n using (asin, item_condition)"
        " where s.event_time is distinct from n.newest",
    )
    assert wrong == []


# Crashes


@pytest.mark.parametrize("messages", [1500, pytest.param(20000, marks=pytest.mark.soak)])
def test_crash_anywhere(
    own_cluster: Cluster, stand_in: StandIn, wait_until: WaitUntil, messages: int
) -> None:
    stand_in.max_receives = None  # each crash costs a receive
    fragile = stand_in.settings | {
        "DATABASE_URL": own_cluster.create_database(migrated=True),
        "VISIBILITY_TIMEOUT": 3,
        "CONCURRENCY": 4,
    }
    bodies = crowd(20, messages)
    stand_in.send(*bodies)
    chance = random.Random(messages)
    # By what is left in the queue, so that their number hangs on no speed.
    places = sorted(chance.sample(range(1, messages), messages // 250), reverse=True)
    crashes: Counter[str] = Counter()
    pause = threading.Event()
    with ExitStack() as stack:
        relays = [stack.enter_context(RelayProcess(**fragile)) for _ in range(2)]
        for left, crash in zip(places, itertools.cycle(("relay", "database", "relay"))):
            wait_until(lambda left=left: stand_in.size <= left, what=f"{left} messages left")
            # At whatever instruction it happens to be then, of the start too.
            pause.wait(chance.uniform(0, 0.5))
            crashes[crash] += 1
            if crash == "database":
                own_cluster.stop("immediate")
                own_cluster.start()
            else:
                victim = chance.randrange(2)
                relays[victim].process.kill()
                relays[victim] = stack.enter_context(RelayProcess(**fragile))
        wait_until(lambda: stand_in.size == 0, what="an empty queue")
        wait_until(lambda: all(relay.is_healthy() for relay in relays), what="health")
        assert [relay.stop() for relay in relays] == [0, 0]
    assert crashes["relay"] > crashes["database"] >= messages // 5000
    assert_all_is_there(fragile, bodies)


# The database


def test_database_away(
    own_cluster: Cluster, own_settings: dict[str, object], queue: Queue, wait_until: WaitUntil
) -> None:
    with RelayProcess(CONCURRENCY=3, **own_settings) as relay:
        wait_until(relay.is_healthy, what="health")
        own_cluster.stop("immediate")
        wait_until(lambda: relay.logs("database is not ready"), what="the loss in the log")
        health = relay.health()
        assert (health["code"], health["dbConnected"]) == (503, False)
        # Polls that were in flight are over after WAIT_TIME; what is sent then stays untouched.
        wait_until(lambda: relay.health()["lastPollAgeSeconds"] > 2, what="the last poll's end")
        queue.send(*(offer_changed(f"B{n:09}", n) for n in range(12)))
        wait_until(lambda: relay.health()["lastPollAgeSeconds"] > 4, what="polls that do not come")
        assert queue.visible == 12
        own_cluster.start()
        wait_until(lambda: queue.size == 0, timeout=30, what="the messages' delete")
        wait_until(relay.is_healthy, what="health")
        assert {line["receiveCount"] for line in relay.logs("message processed")} == {1}
        assert len(relay.logs("database is not ready")) == 1
        assert len(relay.logs("database is ready")) == 2
        assert not relay.logs("not stored")


@pytest.mark.soak
def test_database_away_at_the_start(
    own_cluster: Cluster, own_settings: dict[str, object], queue: Queue, wait_until: WaitUntil
) -> None:
    own_cluster.stop()
    queue.send(offer_changed("B000000001", 1))
    with RelayProcess(**own_settings) as relay:
        wait_until(lambda: relay.health().get("code") == 503, what="an answer")
        wait_until(lambda: relay.logs("database is not ready"), what="the reason in the log")
        assert queue.visible == 1
        assert relay.stop() == 0
    with RelayProcess(**own_settings) as relay:
        wait_until(lambda: relay.logs("database is not ready"), what="the reason in the log")
        own_cluster.start()
        wait_until(lambda: queue.size == 0, what="the delete")
        assert relay.logs("message processed")[0]["receiveCount"] == 1


def test_a_batch_in_hand_outlives_a_crash_of_the_database(
    own_cluster: Cluster, own_settings: dict[str, object], queue: Queue, wait_until: WaitUntil
) -> None:
    body = offer_changed("B000000001", 1)
    with RelayProcess(**own_settings) as relay:
        with suppress(psycopg.OperationalError), locked(own_settings, body) as waiting:
            queue.send(body, offer_changed("B000000002", 2))
            wait_until(waiting, what="the batch at the lock")
            own_cluster.stop("immediate")
        # Longer than the tries of one message take.
        end = relay.health()["uptime"] + 4
        wait_until(lambda: relay.health()["uptime"] > end, what="a long outage")
        own_cluster.start()
        wait_until(lambda: queue.size == 0, what="the delete")
        assert [line["receiveCount"] for line in relay.logs("message ")] == [1, 1]
    assert ask(own_settings, "select count(*) from worker_notifications") == [(2,)]


def test_a_hung_database_is_told_and_outlived(
    own_cluster: Cluster, own_settings: dict[str, object], queue: Queue, wait_until: WaitUntil
) -> None:
    # Stopped processes keep their sockets open: nothing but a deadline can tell.
    with RelayProcess(WAIT_TIME=20, **own_settings) as relay:
        wait_until(relay.is_healthy, what="health")
        find = "select pid from pg_stat_activity where backend_type = 'checkpointer'"
        postmaster = psutil.Process(int(own_cluster.sql(find))).parent()
        assert postmaster
        server = [postmaster, *postmaster.children()]
        try:
            for process in server:
                with suppress(psutil.NoSuchProcess):  # that of the query above ends about now
                    process.suspend()
            # In the middle of a long poll, and the answer comes at once all the while.
            wait_until(lambda: not relay.health()["dbConnected"], timeout=15, what="the truth")
            assert relay.health()["code"] == 503
        finally:
            for process in server:
                with suppress(psutil.NoSuchProcess):
                    process.resume()
        wait_until(relay.is_healthy, timeout=30, what="recovery")
        queue.send(offer_changed("B000000001", 1))
        wait_until(lambda: queue.size == 0, what="the delete")
        assert relay.process.poll() is None


def fill_disk(db: Connection) -> None:
    """A full disk, as far as SQL can tell, until the trigger disk_full is dropped."""
    db.execute(
        "create function disk_full() returns trigger language plpgsql as"
        " $$ begin raise disk_full; end $$;"
        "create trigger disk_full before insert on worker_notifications"
        " execute function disk_full()"
    )


def test_a_database_in_need_is_waited_for(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    # The world's fault: nothing is a failure, and the batch stays in hand, which costs no second
    # receive.
    fill_disk(db)
    queue.send(*(offer_changed(f"B{n:09}", n) for n in range(2)))
    with RelayProcess(BATCH_SIZE=1, **settings) as relay:
        # More often than a message whose lock is taken.
        wait_until(lambda: relay.metric("relay_batch_seconds_count") >= 4, what="tries")
        assert queue.visible == 1
        db.execute("drop trigger disk_full on worker_notifications")
        wait_until(lambda: queue.size == 0, what="the delete")
        assert {line["receiveCount"] for line in relay.logs("message ")} == {1}
    assert_all_is_there(settings, [offer_changed(f"B{n:09}", n) for n in range(2)])


def test_an_outage_that_only_writing_shows_kills_no_message(
    db: Connection, database_url: str, stand_in: StandIn, wait_until: WaitUntil
) -> None:
    # For five visibility timeouts, which are ten minutes at the usual one.
    fill_disk(db)
    bodies = [offer_changed(f"B{n:09}", n) for n in range(30)]
    stand_in.send(*bodies)
    settings = stand_in.settings | {"DATABASE_URL": database_url, "VISIBILITY_TIMEOUT": 2}
    with RelayProcess(CONCURRENCY=2, WAIT_TIME=1, **settings) as relay:
        wait_until(lambda: relay.health().get("uptime", 0) > 10, what="five visibility timeouts")
        db.execute("drop trigger disk_full on worker_notifications")
        wait_until(lambda: stand_in.size == 0, what="the empty queue")
        assert stand_in.dead == []
    assert_all_is_there(settings, bodies)


def test_a_poll_in_flight_at_the_signal_stores_what_it_brings(
    database_url: str, stand_in: StandIn, wait_until: WaitUntil
) -> None:
    # Released, the message would go from one poll in flight to the next, a receive each time.
    settings = stand_in.settings | {"DATABASE_URL": database_url}
    body = offer_changed("B000000001", 1)
    with RelayProcess(CONCURRENCY=4, WAIT_TIME=10, **settings) as relay:
        wait_until(lambda: stand_in.polls == 4, what="the polls")
        relay.process.send_signal(signal.SIGTERM)
        wait_until(lambda: relay.logs("stopping"), what="the signal")
        stand_in.send(body)
        assert relay.ended(25) == 0
        assert [line["receiveCount"] for line in relay.logs("message ")] == [1]
    assert stand_in.size == 0
    assert stand_in.dead == []
    assert_all_is_there(settings, [body])


def test_a_message_that_breaks_its_session_costs_only_itself(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    db.execute(
        "create function break_session() returns trigger language plpgsql as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;"
        "create trigger break_session before insert on worker_notifications"
        " for each row when (new.asin = 'B000000004') execute function break_session()"
    )
    bodies = [offer_changed(f"B{n:09}", n) for n in range(10)]
    queue.send(*bodies)
    with RelayProcess(**settings) as relay:
        wait_until(lambda: relay.logs("not stored"), what="the end of the tries")
        assert queue.size == 1
        assert relay.metric("relay_batch_seconds_count") == 1 + 9 + 3
        assert relay.metric("relay_messages_total", outcome="left") == 1
    assert_all_is_there(settings, bodies[:4] + bodies[5:])


@pytest.mark.soak
def test_a_lock_of_somebody_else_costs_the_others_nothing(
    db: Connection, database_url: str, stand_in: StandIn, wait_until: WaitUntil
) -> None:
    # Somebody's forgotten transaction holds one item's lock for many visibility timeouts, while
    # messages of it and of others keep coming.
    bodies = [offer_changed(f"B{n % 10:09}", n) for n in range(400)]
    settings = stand_in.settings | {"DATABASE_URL": database_url, "VISIBILITY_TIMEOUT": 4}
    with RelayProcess(**settings) as relay:
        with locked(settings, bodies[0]):
            stand_in.send(*bodies[:200])
            wait_until(lambda: stand_in.size == 20, what="the others' delete")
            wait_until(lambda: relay.metric("relay_in_hand_messages") == 20, what="tries alone")
            (line,) = relay.logs("kept in hand")
            assert "lock timeout" in line["error"]
            assert "pg_locks" in line["hint"]
            assert relay.metric("relay_in_hand_oldest_seconds") > 0
            end = relay.health()["uptime"] + 13
            wait_until(lambda: relay.health()["uptime"] > end, what="three visibility timeouts")
            stand_in.send(*bodies[200:])
            wait_until(lambda: stand_in.size == 40, what="the others' delete, again")
        wait_until(lambda: stand_in.size == 0, what="the locked item's delete")
        assert relay.metric("relay_in_hand_messages") == 0
        assert {line["receiveCount"] for line in relay.logs("message ")} == {1}
        assert not relay.logs("not stored")
        assert len(relay.logs("kept in hand")) == 1
    assert stand_in.dead == []
    assert_all_is_there(settings, bodies)


@pytest.mark.soak
def test_an_outage_is_never_silent(
    db: Connection, stand_in: StandIn, database_url: str, wait_until: WaitUntil
) -> None:
    # Connected, migrated, granted, writable: only storing shows that somebody locked the table.
    settings = stand_in.settings | {"DATABASE_URL": database_url}
    bodies = [offer_changed(f"B{n:09}", n) for n in range(3)]
    with RelayProcess(**settings) as relay:
        wait_until(relay.is_healthy, what="health")
        with db.transaction():
            db.execute("lock table worker_notifications in access exclusive mode")
            stand_in.send(*bodies)
            wait_until(lambda: relay.logs("kept in hand"), what="the reason in the log")
            assert relay.health()["code"] == 200  # a few seconds are no outage
            wait_until(lambda: not relay.is_healthy(), timeout=45, what="the truth")
            health = relay.health()
            assert (health["dbConnected"], health["queueConnected"]) == (True, True)
            assert "lock timeout" in health["reason"]
            assert relay.metric("relay_in_hand_messages") == 3
            assert relay.metric("relay_in_hand_oldest_seconds") > 30
        wait_until(lambda: stand_in.size == 0, what="the delete")
        wait_until(relay.is_healthy, timeout=10, what="health")
        assert relay.health()["reason"] is None
        assert len(relay.logs("kept in hand")) == 1
        fill_disk(db)
        stand_in.send(offer_changed("B000000009", 9))
        wait_until(lambda: len(relay.logs("kept in hand")) == 2, what="the next reason")
        assert "(53100)" in relay.logs("kept in hand")[1]["error"]
    assert_all_is_there(settings, bodies)


def test_a_full_hand_stops_receiving(
    stand_in: StandIn, database_url: str, wait_until: WaitUntil
) -> None:
    settings = stand_in.settings | {"DATABASE_URL": database_url}
    bodies = [offer_changed("B000000001", n) for n in range(1100)]
    with RelayProcess(CONCURRENCY=16, **settings) as relay, locked(settings, bodies[0]):
        stand_in.send(*bodies)
        wait_until(lambda: "no room" in str(relay.health()), timeout=60, what="the truth")
        assert relay.health()["code"] == 503
        polled = relay.health()["lastPollAgeSeconds"]
        wait_until(lambda: relay.health()["lastPollAgeSeconds"] > polled + 3, what="no polls")
        assert 800 < relay.metric("relay_in_hand_messages") <= 1000
        assert relay.stop() == 0
    # Handed back, none the poorer but for this one receive.
    assert {receives for _, receives in stand_in.visible} == {0, 1}
    assert len(stand_in.visible) == len(bodies)


def test_a_slow_message_goes_back_to_the_queue(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    db.execute(
        "create function be_slow() returns trigger language plpgsql as"
        " $$ begin perform pg_sleep(60); return new; end $$;"
        "create trigger be_slow before insert on worker_notifications"
        " for each row when (new.asin = 'B000000004') execute function be_slow()"
    )
    bodies = [offer_changed(f"B{n:09}", n) for n in range(10)]
    queue.send(*bodies)
    with RelayProcess(VISIBILITY_TIMEOUT=4, **settings) as relay:
        wait_until(lambda: relay.logs("not stored"), what="the end of the tries")
        (line,) = relay.logs("not stored")
        assert (line["level"], line["receiveCount"]) == ("error", 1)
        assert "statement timeout" in line["error"]
        assert relay.metric("relay_batch_seconds_count") == 1 + 9 + 3
        assert relay.metric("relay_in_hand_messages") == 0
        queue.send(offer_changed("B000000010", 10))
        wait_until(lambda: queue.size == 1, what="the next one's delete")
    assert_all_is_there(settings, [*bodies[:4], *bodies[5:], offer_changed("B000000010", 10)])


@contextmanager
def locked(settings: dict[str, object], body: str) -> Iterator[Callable[[], bool]]:
    """Holds a message's lock, as another session's work does. Gives: does somebody wait for it?"""
    query = "select 1 from pg_locks where locktype = 'advisory' and not granted and database = ("
    query += "  select oid from pg_database where datname = current_database())"
    with psycopg.connect(str(settings["DATABASE_URL"])) as connection:
        connection.execute("select pg_advisory_xact_lock(ingest_order(%s))", [body])
        yield lambda: connection.execute(query).fetchone() is not None


# SQS


def test_sqs_away(
    queue: Queue, settings: dict[str, object], sqs_endpoint: str, wait_until: WaitUntil
) -> None:
    # A second server over the same queues, which this test may stop.
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = {"AWS_ENDPOINT_URL_SQS": f"http://{host}:{port}"}
    with RelayProcess(CONCURRENCY=2, **endpoint, **settings) as relay:
        wait_until(relay.is_healthy, what="health")
        server.stop()
        wait_until(lambda: relay.metric("relay_poll_errors_total") >= 4, what="failed polls")
        health = relay.health()
        assert (health["code"], health["queueConnected"]) == (503, False)
        assert health["dbConnected"] is True
        queue.send(offer_changed("B000000001", 1))
        server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
        server.start()
        wait_until(lambda: queue.size == 0, what="the delete")
        wait_until(relay.is_healthy, what="health")
        assert len(relay.logs("queue is not ready")) == 1
        assert relay.stop() == 0
    server.stop()


def throttled(action: str, request: dict[str, Any]) -> Answer:
    return 400, {"__type": "ThrottlingException", "message": "slow down"}


def test_sqs_throttles_at_the_start(
    queue: Queue, settings: dict[str, object], sqs_endpoint: str, wait_until: WaitUntil
) -> None:
    with Proxy(sqs_endpoint).running() as proxy:
        proxy.intercept = throttled
        with RelayProcess(AWS_ENDPOINT_URL_SQS=proxy.endpoint, **settings) as relay:
            wait_until(lambda: relay.metric("relay_poll_errors_total") >= 2, what="failed polls")
            assert "Throttling" in relay.logs("queue is not ready")[0]["error"]
            proxy.intercept = lambda *call: None
            wait_until(relay.is_healthy, what="health")


def test_deletes_that_fail_are_tried_again_then_counted(
    db: Connection,
    queue: Queue,
    settings: dict[str, object],
    sqs_endpoint: str,
    wait_until: WaitUntil,
) -> None:
    refused: list[int] = []

    def refuse(times: int) -> Callable[[str, dict[str, Any]], Answer | None]:
        def answer(action: str, request: dict[str, Any]) -> Answer | None:
            if action != "DeleteMessageBatch" or len(refused) >= times:
                return None
            refused.append(len(request["Entries"]))
            failed = [
                {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
                for entry in request["Entries"]
            ]
            return 200, {"Successful": [], "Failed": failed}

        return answer

    with Proxy(sqs_endpoint).running() as proxy:
        proxy.intercept = refuse(1)
        endpoint = {"AWS_ENDPOINT_URL_SQS": proxy.endpoint}
        with RelayProcess(VISIBILITY_TIMEOUT=3, **endpoint, **settings) as relay:
            queue.send(offer_changed("B000000001", 1))
            wait_until(lambda: queue.size == 0, what="the second try")
            assert relay.metric("relay_delete_failures_total") == 1
            # For longer than the visibility timeout: what is stored is not received again.
            proxy.intercept = refuse(len(refused) + 4)
            queue.send(offer_changed("B000000002", 2))
            wait_until(lambda: queue.size == 0, what="the last try")
            assert relay.metric("relay_delete_failures_total") == 5
            reasons = {line["error"] for line in relay.logs("kept in hand")}
            assert reasons == {"not deleted: InternalError"}
            outcomes = [(line["outcome"], line["receiveCount"]) for line in relay.logs("message ")]
            assert outcomes == [("processed", 1), ("processed", 1)]
    assert db.execute("select count(*) from worker_notifications").fetchone() == (2,)


def test_nothing_is_deleted_after_its_visibility_timeout(
    queue: Queue, settings: dict[str, object], sqs_endpoint: str, wait_until: WaitUntil
) -> None:
    deletes: list[int] = []
    with Proxy(sqs_endpoint).running() as proxy:
        endpoint = {"AWS_ENDPOINT_URL_SQS": proxy.endpoint}
        with RelayProcess(VISIBILITY_TIMEOUT=2, **endpoint, **settings) as relay:

            def stop_the_clock(action: str, request: dict[str, Any]) -> Answer | None:
                if action == "DeleteMessageBatch":
                    deletes.append(1)
                    if len(deletes) == 1:  # the relay's machine pauses while its delete fails
                        relay.process.send_signal(signal.SIGSTOP)
                        return 500, {"__type": "InternalFailure"}
                return None

            proxy.intercept = stop_the_clock
            queue.send(offer_changed("B000000001", 1))
            wait_until(lambda: deletes, what="the delete")
            wait_until(lambda: queue.visible == 1, what="the visibility timeout's end")
            relay.process.send_signal(signal.SIGCONT)
            wait_until(lambda: queue.size == 0, what="the duplicate's delete")
            assert "visibility timeout" in relay.logs("not deleted")[0]["error"]
            assert len(deletes) == 2


def test_poison(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    good = [offer_changed(f"B{n:09}", n) for n in range(200)]
    bad = [broken(n) for n in range(40)]
    bodies = good + bad
    random.Random(3).shuffle(bodies)
    queue.send(*bodies)
    with RelayProcess(VISIBILITY_TIMEOUT=2, **settings) as relay:
        wait_until(lambda: queue.size == 0, timeout=60, what="the empty queue")
        assert relay.metric("relay_messages_total", outcome="processed") == 200
        assert relay.metric("relay_messages_total", outcome="failed") == 120
    assert db.execute("select count(*) from worker_notifications").fetchone() == (200,)
    assert db.execute(
        "select failure_count, count(*), count(resolved_at) from worker_failures group by 1"
    ).fetchall() == [(3, 40, 0)]
    assert sorted(body for body, _ in queue.dead.receive()) == sorted(bad)


# Crowds


def test_crowds(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    queue.set(RedrivePolicy="")
    bodies = crowd(3, 200)
    queue.send(*bodies)
    crowded = settings | {"CONCURRENCY": 4, "VISIBILITY_TIMEOUT": 10}
    with RelayProcess(**crowded) as one, RelayProcess(**crowded) as other:
        wait_until(lambda: queue.size == 0, timeout=90, what="the empty queue")
        assert one.stop() == other.stop() == 0
        assert not one.logs("not stored") + other.logs("not stored")
    assert_all_is_there(settings, bodies)
    assert db.execute(
        "select deadlocks from pg_stat_database where datname = current_database()"
    ).fetchone() == (0,)


def test_a_batch_takes_its_locks_in_ascending_order(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    # The crowds above deadlock only by bad luck where the order is wrong; this shows it for sure.
    bodies = [offer_changed(f"B{n % 5:09}", n) for n in range(10)]
    ((lowest,),) = db.execute(
        "select body from unnest(%s::text[]) as body order by ingest_order(body) limit 1", [bodies]
    ).fetchall()
    queue.send(*bodies)
    with RelayProcess(**settings):
        with locked(settings, lowest) as waiting:
            wait_until(waiting, what="the batch at its first lock")
            assert db.execute(
                "select count(*) from pg_locks"
                " join pg_database on pg_database.oid = database"
                " where datname = current_database() and locktype = 'advisory' and granted"
                " and objsubid = 1"  # of one key, as the items' are
            ).fetchone() == (1,)  # this test's own
        wait_until(lambda: queue.size == 0, what="the delete")


# The relay itself


def test_a_poller_that_dies_takes_the_relay_down(
    settings: dict[str, object], sqs_endpoint: str, wait_until: WaitUntil
) -> None:
    with Proxy(sqs_endpoint).running() as proxy:
        endpoint = {"AWS_ENDPOINT_URL_SQS": proxy.endpoint}
        with RelayProcess(CONCURRENCY=2, WAIT_TIME=3, **endpoint, **settings) as relay:
            wait_until(relay.is_healthy, what="health")
            messages = [{"Body": "a message that is none"}]
            answers: list[Answer] = [(200, {"Messages": messages})]
            proxy.intercept = lambda action, request: (
                answers.pop() if action == "ReceiveMessage" and answers else None
            )
            assert relay.ended() == 1
            (line,) = relay.logs("a poller died")
            assert "KeyError" in line["stack"]


@pytest.mark.soak
def test_a_poller_that_hangs_takes_the_relay_down(
    settings: dict[str, object], sqs_endpoint: str, wait_until: WaitUntil
) -> None:
    with Proxy(sqs_endpoint).running() as proxy:
        endpoint = {"AWS_ENDPOINT_URL_SQS": proxy.endpoint}
        with RelayProcess(WAIT_TIME=0, **endpoint, **settings) as relay:
            wait_until(relay.is_healthy, what="health")
            proxy.dripping = True
            wait_until(lambda: relay.health().get("code") == 503, timeout=60, what="503")
            assert relay.health()["dbConnected"] is True
            assert relay.ended(120) == 1
            assert relay.logs("a poller is stuck")


@pytest.mark.soak
def test_ten_minutes_of_outage_kill_no_message(
    own_cluster: Cluster, stand_in: StandIn, wait_until: WaitUntil, record_property: Any
) -> None:
    # Ten real minutes, at the settings that the relay has unless told otherwise.
    settings = stand_in.settings | {
        "DATABASE_URL": own_cluster.create_database(migrated=True),
        "CONCURRENCY": 4,
        "WAIT_TIME": 20,
        "POLL_INTERVAL": 1000,
    }
    bodies = crowd(20, 4000)
    with RelayProcess(**settings) as relay:
        wait_until(relay.is_healthy, what="health")
        stand_in.send(*bodies)
        wait_until(lambda: len(relay.logs("message ")) > 500, what="batches in hand")
        own_cluster.stop("immediate")
        away = relay.health()["uptime"] + 600
        wait_until(lambda: relay.health()["uptime"] > away, timeout=660, what="the outage's end")
        assert relay.health()["code"] == 503
        left = stand_in.size
        own_cluster.start()
        wait_until(lambda: stand_in.size < left, timeout=30, what="its return")
        wait_until(lambda: stand_in.size == 0, timeout=180, what="the empty queue")
        assert stand_in.dead == []
        assert len(relay.logs("database is not ready")) == 1
        receives = Counter(line["receiveCount"] for line in relay.logs("message "))
        record_property("messages by receives", dict(receives))
        assert max(receives) <= 2
    assert_all_is_there(settings, bodies)


@pytest.mark.soak
def test_nothing_grows(
    queue: Queue, settings: dict[str, object], wait_until: WaitUntil, record_property: Any
) -> None:
    with RelayProcess(CONCURRENCY=4, LOG_LEVEL="warning", WORKER_ID="soaked", **settings) as relay:
        process = psutil.Process(relay.process.pid)

        def work(part: int) -> tuple[int, int, int]:
            # In small parts, because the emulator is slow in long queues.
            for start in range(part * 1500, (part + 1) * 1500, 150):
                queue.send(*(offer_changed(f"B{n % 50:09}", n) for n in range(start, start + 150)))
                wait_until(lambda: queue.size == 0, timeout=120, what="the empty queue")
            relay.get("/metrics")
            return process.memory_info().rss, process.num_threads(), process.num_fds()

        first = work(0)
        figures = [work(part) for part in range(1, 5)]
        record_property("rss, threads, descriptors", figures)
        print(first, figures)
        assert figures[-1][0] < first[0] * 1.1
        _, threads, descriptors = figures[-1]
        assert threads <= 8  # main, http and a request; four pollers; one
        assert descriptors <= 20  # two a poller: database, queue
        connections = ask(
            settings,
            "select count(*) from pg_stat_activity where application_name = 'soaked'",
        )
        assert connections == [(5,)]  # a poller's each, and the main thread's
