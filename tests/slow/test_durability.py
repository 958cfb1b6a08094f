"""What was acknowledged survives: a crash of the server, and the promotion of its standby.

A message is deleted from the queue once it is acknowledged, so that nothing else has it then.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import notifications as n
import psycopg
import pytest
from cluster import Cluster, name_of
from relays import RelayProcess
from sqs import Queue

pytestmark = pytest.mark.ingest
WaitUntil = Callable[..., None]
WAITING = "select pid from pg_stat_activity where wait_event = 'SyncRep'"  # for the standby
BODY = n.text(n.pascal(n.OfferChange()))


def ingest_as_the_relay_does(url: str, message_id: str) -> n.Json:
    """The row for BODY, once it is committed: what the relay deletes messages by."""
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('synchronous_commit', 'on', true)")
        return n.ingest(connection, message_id, BODY)


def stored(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select message_id from worker_notifications").fetchall()


@pytest.fixture
def own_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A server to crash. What it has not flushed is lost then: nothing is flushed by the way."""
    with Cluster(request.config.getoption("--postgres")) as cluster:
        cluster.sql("alter system set wal_writer_delay = '10s'")
        cluster.sql("alter system set autovacuum = off")
        cluster.stop()
        cluster.start()
        yield cluster


@pytest.fixture
def own_url(own_cluster: Cluster) -> str:
    return own_cluster.create_database(migrated=True)


@pytest.mark.parametrize("message_id", ["m-1", "m-2"])
def test_an_acknowledged_duplicate_survives_a_crash(
    own_cluster: Cluster, own_url: str, message_id: str
) -> None:
    """The relay may meet what somebody stored without waiting for the disk: retry_failure, say."""
    with psycopg.connect(own_url) as other:
        other.execute("set synchronous_commit = off")
        n.ingest(other, "m-1", BODY)
    row = ingest_as_the_relay_does(own_url, message_id)
    own_cluster.stop("immediate")
    own_cluster.start()
    assert (row["outcome"], row["acknowledge"]) == ("duplicate", True)
    assert stored(own_url) == [("m-1",)]


@pytest.mark.parametrize("fate", ["terminated", "crashed"])
def test_a_duplicate_is_acknowledged_when_the_standby_has_what_it_repeats(
    request: pytest.FixtureRequest,
    own_cluster: Cluster,
    own_url: str,
    in_background: Callable[..., Future[Any]],
    wait_until: WaitUntil,
    fate: str,
) -> None:
    """A row whose commit was broken off while it waited for the standby is there to be seen."""
    primary = own_cluster
    kind = request.config.getoption("--postgres")
    with Cluster(kind, standby_of=primary) as standby:
        primary.sql("alter system set synchronous_standby_names = '*'")
        primary.sql("select pg_reload_conf()")
        sync = "select count(*) from pg_stat_replication where sync_state = 'sync'"
        wait_until(lambda: primary.sql(sync).strip() == "1", what="the standby to be synchronous")

        standby.stop()
        storing = in_background(ingest_as_the_relay_does, own_url, "m-1")
        wait_until(lambda: primary.sql(WAITING), what="the commit to wait for the standby")
        if fate == "terminated":
            primary.sql(f"select pg_terminate_backend(pid) from ({WAITING}) as w")
        else:
            primary.stop("immediate")
            primary.start()
        with pytest.raises(psycopg.OperationalError):
            storing.result()
        assert stored(own_url) == [("m-1",)]

        repeating = in_background(ingest_as_the_relay_does, own_url, "m-1")
        wait_until(
            lambda: repeating.done() or primary.sql(WAITING), what="the duplicate to wait as well"
        )
        acknowledged_early = repeating.done()
        if not acknowledged_early:
            standby.start()
            assert repeating.result()["outcome"] == "duplicate"
        primary.stop("immediate")
        if acknowledged_early:
            standby.start()
        standby.promote()
        promoted = f"postgresql://seller:{standby.password}@127.0.0.1:{standby.port}/"
        assert stored(promoted + name_of(own_url)) == [("m-1",)]
        assert not acknowledged_early


def test_a_commit_that_was_told_not_to_wait_for_the_standby_deletes_nothing(
    own_cluster: Cluster, own_url: str, queue_url: str, wait_until: WaitUntil
) -> None:
    """Postgres then reports success, with a warning. Repeated, it is a duplicate, which waits."""
    queue = Queue(queue_url)
    queue.send(BODY)
    own_cluster.sql("alter system set client_min_messages = 'error'")
    own_cluster.sql("alter system set synchronous_standby_names = 'one_that_is_away'")
    own_cluster.sql("select pg_reload_conf()")
    with RelayProcess(DATABASE_URL=own_url, SQS_QUEUE_URL=queue_url):
        wait_until(lambda: own_cluster.sql(WAITING), what="the commit to wait for the standby")
        own_cluster.sql(f"select pg_cancel_backend(pid) from ({WAITING}) as w")
        wait_until(lambda: stored(own_url), what="the commit to end")
        wait_until(
            lambda: queue.size == 0 or own_cluster.sql(WAITING), what="the duplicate to wait"
        )
        assert queue.size == 1
        own_cluster.sql("alter system reset synchronous_standby_names")
        own_cluster.sql("select pg_reload_conf()")
        wait_until(lambda: queue.size == 0, what="the duplicate to be deleted")
    assert len(stored(own_url)) == 1


@pytest.mark.soak
def test_a_standby_that_is_away_costs_neither_sessions_nor_messages(
    own_cluster: Cluster, own_url: str, queue_url: str, wait_until: WaitUntil
) -> None:
    """A session that waits for it does not notice that its client has gone."""
    queue = Queue(queue_url)
    # Of a kind that nobody is told of: such commits do not wait for each other.
    queue.send(*(f'{{"NotificationType": "OTHER{n}", "Payload": {{}}}}' for n in range(3)))
    own_cluster.sql("alter system set synchronous_standby_names = 'one_that_is_away'")
    own_cluster.sql("select pg_reload_conf()")
    with RelayProcess(DATABASE_URL=own_url, SQS_QUEUE_URL=queue_url, BATCH_SIZE=1) as relay:
        wait_until(
            lambda: relay.health().get("uptime", 0) > 25, timeout=60, what="four times the limit"
        )
        assert len(own_cluster.sql(WAITING).split()) <= 1
        assert relay.metric("relay_in_hand_messages") == 1
        own_cluster.sql("alter system reset synchronous_standby_names")
        own_cluster.sql("select pg_reload_conf()")
        wait_until(lambda: queue.size == 0, timeout=40, what="the duplicate to be deleted")
        assert [line["receiveCount"] for line in relay.logs("message ")] == [1, 1, 1]
