"""What a test may ask for: a server, a database and a queue of its own, a wait for a condition."""

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import boto3
import hypothesis
import psycopg
import pytest
from cluster import Cluster
from moto.server import ThreadedMotoServer
from sqs import Queue

# The same examples each run, and no verdict by the clock: a test that passed passes again.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        choices=("system", "embedded"),
        default="system",
        help="the server to test on: the system's, or the Postgres 18 in .venv",
    )


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[pytest.MonkeyPatch]:
    """Nothing of the user's shell or home: no database, no seller, no AWS account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("PG", "AWS_", "AMAZON_", "DATABASE_", "SQS_")) and name != "PG_BIN":
                patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        yield patch


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The server that the tests share. One that stops or crashes it starts a Cluster of its own."""
    with Cluster(request.config.getoption("--postgres")) as cluster:
        yield cluster


@pytest.fixture
def empty_database_url(cluster: Cluster) -> Iterator[str]:
    """The URL of this test's own database, in which nothing is yet."""
    url = cluster.create_database()
    yield url
    cluster.drop_database(url)


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """The URL of this test's own database, freshly migrated."""
    url = cluster.create_database(migrated=True)
    yield url
    cluster.drop_database(url)


@pytest.fixture
def db(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the owner to database_url, in autocommit."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def connect(database_url: str) -> Iterator[Callable[[], psycopg.Connection]]:
    """Opens sessions of the owner to database_url, in autocommit."""
    opened: list[psycopg.Connection] = []

    def connect() -> psycopg.Connection:
        opened.append(psycopg.connect(database_url, autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def in_background() -> Iterator[Callable[..., Future[Any]]]:
    """Calls a function in another thread."""
    with ThreadPoolExecutor() as executor:
        yield executor.submit


@pytest.fixture
def wait_for(
    db: psycopg.Connection, wait_until: Callable[..., None]
) -> Callable[[psycopg.Connection, psycopg.Connection], None]:
    """Returns once the one session waits for a lock that the other holds or waits for."""

    def wait_for(waiting: psycopg.Connection, other: psycopg.Connection) -> None:
        pids = (other.info.backend_pid, waiting.info.backend_pid)
        query = "select %s = any(pg_blocking_pids(%s))"
        wait_until(
            lambda: db.execute(query, pids).fetchone() == (True,), what="a session to be blocked"
        )

    return wait_for


@pytest.fixture(scope="session")
def sqs_endpoint(environment: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a local SQS, which boto3 uses from then on, here and in subprocesses."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment.setenv("AWS_ENDPOINT_URL_SQS", f"http://{host}:{port}")
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def queue_url(sqs_endpoint: str) -> str:
    """The URL of this test's own queue.

    What was received three times goes to the dead-letter queue, whose URL has "-dead" after it.
    """
    sqs = boto3.client("sqs")
    name = f"notifications-{uuid.uuid4().hex}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    redrive = {"deadLetterTargetArn": attributes["QueueArn"], "maxReceiveCount": 3}
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})
    return queue["QueueUrl"]


@pytest.fixture
def queue(queue_url: str) -> Queue:
    """That queue, as its sender."""
    return Queue(queue_url)


@pytest.fixture
def settings(database_url: str, queue_url: str) -> dict[str, object]:
    """What a relay needs between the two."""
    return {"DATABASE_URL": database_url, "SQS_QUEUE_URL": queue_url}


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """wait_until(predicate, timeout=30, what="..."): returns once predicate() holds.

    Fails the test where it does not within timeout seconds.
    """
    pause = threading.Event()

    def wait_until(
        predicate: Callable[[], object], timeout: float = 30, what: str = "the condition"
    ) -> None:
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                pytest.fail(f"Waited {timeout} s in vain for {what}.")
            pause.wait(0.02)

    return wait_until
