"""The relay as its operator meets it, between a real queue and a real Postgres."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from cluster import free_port
from relays import RelayProcess
from sqs import Proxy, Queue, broken, offer_changed

from relay import retry_pause

WaitUntil = Callable[..., None]
Connection = psycopg.Connection[Any]
DATABASE_URL = "postgresql://seller:s3cret@127.0.0.1:1/none"


def stored(db: Connection) -> int:
    row = db.execute("select count(*) from worker_notifications").fetchone()
    assert row
    return int(row[0])


@pytest.mark.ingest
def test_deletes_exactly_what_is_acknowledged(
    db: Connection, queue: Queue, settings: dict[str, object]
) -> None:
    old, new = offer_changed("B000000001", 1), offer_changed("B000000001", 2)
    queue.send(new, broken(1), old, new)
    with RelayProcess("--drain", WAIT_TIME=0, WORKER_ID="relay-7", **settings) as relay:
        assert relay.ended() == 0
        lines = {line["messageId"]: line for line in relay.logs("message ")}
    assert sorted(line["outcome"] for line in lines.values()) == [
        "duplicate",
        "failed",
        "processed",
        "stale",
    ]
    rows = db.execute(
        "select message_id, trace_id, asin, severity, worker_id from worker_notifications"
    ).fetchall()
    assert len(rows) == 2
    for message_id, trace_id, asin, severity, worker_id in rows:
        line = lines[message_id]
        assert (line["traceId"], line["asin"], line["severity"]) == (trace_id, asin, severity)
        assert worker_id == "relay-7"
    failures = db.execute("select message_id, trace_id, error_type from worker_failures").fetchall()
    assert len(failures) == 1
    for message_id, trace_id, error_type in failures:
        line = lines[message_id]
        assert (line["traceId"], line["errorType"]) == (trace_id, error_type)
        assert line["level"] == "warning"
        assert "ASIN" in line["errorMessage"]
    assert queue.size == 1
    assert db.execute("select your_price from current_state").fetchone() == (Decimal("10.02"),)


@pytest.mark.parametrize("pollers", [1, 3])
def test_drains(db: Connection, queue: Queue, settings: dict[str, object], pollers: int) -> None:
    queue.send(*(offer_changed(f"B{n % 7:09}", n) for n in range(45)))
    with RelayProcess(
        "--drain", WAIT_TIME=0, CONCURRENCY=pollers, BATCH_SIZE=4, **settings
    ) as relay:
        assert relay.ended(60) == 0
    assert stored(db) == 45
    assert queue.size == 0


def test_text_that_postgres_cannot_hold_costs_only_itself(
    db: Connection, queue: Queue, settings: dict[str, object], sqs_endpoint: str
) -> None:
    # SQS refuses such text at its door. What comes through all the same must not end a poller.
    def give(body: str) -> dict[str, object]:
        attributes = {"SentTimestamp": "0", "ApproximateReceiveCount": "1"}
        return {"MessageId": body, "Body": body, "ReceiptHandle": body, "Attributes": attributes}

    answers = [(200, {"Messages": [give("nul \0"), give("surrogate \ud800")]})]
    with Proxy(sqs_endpoint).running() as proxy:
        proxy.intercept = lambda action, request: (
            answers.pop() if action == "ReceiveMessage" and answers else None
        )
        queue.send(offer_changed("B000000001", 1))
        emulator = {"AWS_ENDPOINT_URL_SQS": proxy.endpoint}
        with RelayProcess("--drain", WAIT_TIME=0, **emulator, **settings) as relay:
            assert relay.ended() == 0
            assert len(relay.logs("not stored")) == 2
    assert stored(db) == 1


def test_the_pause_before_a_retry_grows_to_15_seconds_and_no_further() -> None:
    assert retry_pause(0) <= 0.5
    assert all(7.5 <= retry_pause(tries) <= 15 for tries in (5, 100, 10_000))


NUMBERS = {
    "VISIBILITY_TIMEOUT": (1, 43200),
    "MAX_RECEIVE_COUNT": (1, None),
    "POLL_INTERVAL": (0, None),
    "BATCH_SIZE": (1, 10),
    "WAIT_TIME": (0, 20),
    "CONCURRENCY": (1, 64),
    "PORT": (1, 65535),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"DATABASE_URL": "", "SQS_QUEUE_URL": ""},
        {"DATABASE_URL": "host=db password=s3cret", "SQS_QUEUE_URL": "notifications"},
        {"DATABASE_URL": "mysql://seller:s3cret@db/x", "AWS_REGION": "eu_west"},
        {"DATABASE_URL": "postgresql://seller:s3@cret@db/x", "WORKER_ID": "wörker"},
        {"DATABASE_URL": "postgresql://seller:s3/cret@db/x", "WORKER_ID": "w" * 64},
        {"DATABASE_URL": "postgresql://seller:s3cret@db:65536/x"},
        {"AWS_ENDPOINT_URL_SQS": "localhost:4566"},
        {name: str(least - 1) for name, (least, _) in NUMBERS.items()},
        {name: str(most + 1) for name, (_, most) in NUMBERS.items() if most},
        dict.fromkeys(NUMBERS, "1.5") | {"BATCH_SIZE": "ten s3cret", "LOG_LEVEL": "loud"},
    ],
    ids=lambda wrong: ",".join(wrong),
)
def test_wrong_settings_end_the_start(wrong: dict[str, str]) -> None:
    right = {"DATABASE_URL": DATABASE_URL, "SQS_QUEUE_URL": "https://sqs.example/1/q"}
    with RelayProcess(**(right | wrong)) as relay:
        assert relay.ended() == 2
        assert relay.stderr.count("\n") == 1
        assert "cret" not in relay.stderr + relay.stdout
        for name, value in wrong.items():
            assert name in relay.stderr
            assert ("not valid" if value else f"{name} is missing") in relay.stderr
        for name in {*right, *NUMBERS} - set(wrong):
            assert name not in relay.stderr


def test_the_ends_of_the_ranges_are_in_them(settings: dict[str, object]) -> None:
    for end in (0, 1):
        values = {name: ends[end] or 10**6 for name, ends in NUMBERS.items() if ends[end] != 0}
        del values["PORT"]
        with RelayProcess("--drain", **(settings | {"WAIT_TIME": 0} | values)) as relay:
            assert relay.ended() == 0


def test_a_taken_port_ends_the_start(settings: dict[str, object]) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with RelayProcess(PORT=port, **settings) as relay:
            assert relay.ended() == 2
            assert f"PORT {port}" in relay.stderr
            assert relay.stderr.count("\n") == 1


def test_what_aws_refuses_ends_the_start(queue_url: str) -> None:
    queue = {"DATABASE_URL": DATABASE_URL, "SQS_QUEUE_URL": queue_url + "-gone"}
    with RelayProcess(**queue) as relay:
        assert relay.ended() == 2
        assert "SQS_QUEUE_URL" in relay.stderr
        assert "NonExistentQueue" in relay.stderr
        assert relay.stderr.count("\n") == 1
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with RelayProcess(DATABASE_URL=DATABASE_URL, SQS_QUEUE_URL=queue_url, **nobody) as relay:
        assert relay.ended() == 2
        assert "AWS_ACCESS_KEY_ID" in relay.stderr
        assert relay.stderr.count("\n") == 1


def test_warns_of_a_queue_that_never_lets_go_of_a_bad_message(
    queue: Queue, settings: dict[str, object]
) -> None:
    with RelayProcess("--drain", WAIT_TIME=0, **settings) as relay:
        assert relay.ended() == 0
        assert not relay.logs("the queue has")
    queue.set(RedrivePolicy="")
    with RelayProcess("--drain", WAIT_TIME=0, CONCURRENCY=3, **settings) as relay:
        assert relay.ended() == 0
        (line,) = relay.logs("the queue has no redrive policy")
        assert line["level"] == "warning"


def test_health_and_metrics(
    queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    with RelayProcess(WORKER_ID="relay-7", CONCURRENCY=2, **settings) as relay:
        wait_until(relay.is_healthy, what="health")
        health = relay.health()
        assert health["status"] == "healthy"
        assert health["workerId"] == "relay-7"
        assert health["queueConnected"] is True
        assert health["dbConnected"] is True
        assert 0 <= health["lastPollAgeSeconds"] <= health["uptime"] < 60
        queue.send(offer_changed("B000000001", 1), broken(1))
        wait_until(lambda: queue.size == 1, what="the good message's delete")
        wait_until(lambda: relay.metric("relay_messages_total", outcome="failed") == 1)
        assert relay.metric("relay_messages_total", outcome="processed") == 1
        assert relay.metric("relay_batch_seconds_count") >= 1
        assert 0 < relay.metric("relay_newest_message_age_seconds") < 60
        assert relay.metric("relay_up", end="queue") == 1
        assert relay.metric("relay_up", end="database") == 1
        assert relay.metric("relay_poll_errors_total") == 0
        assert relay.metric("relay_delete_failures_total") == 0
        assert relay.get("/health", "HEAD") == (200, "")
        assert relay.get("/nothing")[0] == 404


def test_the_database_s_settings_change_nothing(
    db: Connection, queue: Queue, settings: dict[str, object]
) -> None:
    for setting in (
        "client_encoding = 'LATIN1'",
        "search_path = nowhere",
        "standard_conforming_strings = off",
        "synchronous_commit = off",
        "default_transaction_isolation = 'serializable'",
        "bytea_output = escape",
        "datestyle = 'SQL, DMY'",
    ):
        db.execute(f"alter database {db.info.dbname} set {setting}")
    db.execute(
        "create table seen (synchronous_commit text, isolation text);"
        "create function see() returns trigger language plpgsql security definer as $$ begin"
        " insert into public.seen values"
        " (current_setting('synchronous_commit'), current_setting('transaction_isolation'));"
        " return null; end $$;"
        "create trigger see after insert on worker_notifications execute function see()"
    )
    bodies = [offer_changed("B000000001", 1), offer_changed("B000000002", 2)]
    bodies = [body.replace("COMPETITOR", "Ł€ürich 🛒 C:\\\\n") for body in bodies]
    queue.send(*bodies)
    with RelayProcess("--drain", WAIT_TIME=0, **settings) as relay:
        assert relay.ended() == 0
        assert [line["outcome"] for line in relay.logs("message ")] == ["processed"] * 2
    assert db.execute("select distinct * from seen").fetchall() == [("on", "read committed")]
    hashes = [sha256(body.encode()).hexdigest() for body in bodies]
    rows = db.execute("select dedupe_hash, raw_notification from worker_notifications order by 1")
    assert rows.fetchall() == sorted(
        zip(hashes, map(json.loads, bodies), strict=True), key=lambda row: row[0]
    )


@pytest.mark.parametrize(
    ("hinder", "help_", "says"),
    [
        (
            "alter function ingest_notification(text[], text[]) rename to not_yet",
            "alter function not_yet(text[], text[]) rename to ingest_notification",
            "not migrated",
        ),
        (
            "revoke execute on function ingest_notification(text[], text[]) from seller, public",
            "grant execute on function ingest_notification(text[], text[]) to seller",
            "buybox_relay",
        ),
    ],
)
def test_does_not_receive_what_it_may_not_store(
    db: Connection,
    queue: Queue,
    settings: dict[str, object],
    wait_until: WaitUntil,
    hinder: str,
    help_: str,
    says: str,
) -> None:
    db.execute(hinder)
    queue.send(offer_changed("B000000001", 1))
    with RelayProcess(**settings) as relay:
        wait_until(lambda: relay.logs("schema is not ready"), what="the reason in the log")
        assert says in relay.logs("schema is not ready")[0]["error"]
        health = relay.health()
        assert health["code"] == 503
        assert health["dbConnected"] is True
        assert queue.visible == 1
        db.execute(help_)
        wait_until(lambda: queue.size == 0, what="the delete")
        assert [line["receiveCount"] for line in relay.logs("message processed")] == [1]
        # And when it goes wrong later:
        db.execute(hinder)
        wait_until(lambda: len(relay.logs("schema is not ready")) == 2, what="the reason again")
        queue.send(offer_changed("B000000001", 2))
        db.execute(help_)
        wait_until(lambda: queue.size == 0, what="the second delete")
        assert [line["receiveCount"] for line in relay.logs("message processed")] == [1, 1]


def test_does_not_receive_for_a_read_only_database(
    db: Connection,
    queue: Queue,
    settings: dict[str, object],
    wait_until: WaitUntil,
) -> None:
    db.execute(f"alter database {db.info.dbname} set default_transaction_read_only = on")
    queue.send(offer_changed("B000000001", 1))
    with RelayProcess(**settings) as relay:
        wait_until(lambda: relay.logs("schema is not ready"), what="the reason in the log")
        assert "read-only" in relay.logs("schema is not ready")[0]["error"]
        assert queue.visible == 1


@pytest.mark.ingest
def test_its_role_is_all_it_needs(
    db: Connection, queue: Queue, settings: dict[str, object]
) -> None:
    login = f"relay_of_{db.info.dbname}"
    db.execute(f"create role {login} login password 'only' in role buybox_relay")
    try:
        url = urlsplit(str(settings["DATABASE_URL"]))
        place = f"{login}:only@{url.hostname}:{url.port}"
        queue.send(offer_changed("B000000001", 1), broken(1))
        as_relay = settings | {"DATABASE_URL": url._replace(netloc=place).geturl()}
        with RelayProcess("--drain", **as_relay) as relay:
            assert relay.ended() == 0
            outcomes = sorted(line["outcome"] for line in relay.logs("message "))
        assert outcomes == ["failed", "processed"]
    finally:
        db.execute(f"drop role {login}")


def test_no_secret_leaves_it(settings: dict[str, object], wait_until: WaitUntil) -> None:
    password = urlsplit(str(settings["DATABASE_URL"])).password
    assert password
    secrets = {"AWS_SECRET_ACCESS_KEY": "aws-s3cret", "AWS_SESSION_TOKEN": "aws-t0ken"}
    with RelayProcess(LOG_LEVEL="debug", **secrets, **settings) as relay:
        wait_until(relay.is_healthy, what="health")
        told = relay.get("/health")[1] + relay.get("/metrics")[1]
        assert relay.stop() == 0
        told += relay.stdout + relay.stderr
    wrong = settings | {"DATABASE_URL": str(settings["DATABASE_URL"]).replace(password, "wr0ng")}
    with RelayProcess(LOG_LEVEL="debug", **secrets, **wrong) as relay:
        wait_until(lambda: relay.logs("database is not ready"), what="the refusal")
        assert "authentication" in relay.logs("database is not ready")[0]["error"]
        told += relay.stdout + relay.stderr
    for secret in (password, "wr0ng", *secrets.values()):
        assert secret not in told


def test_stop_strands_nothing_of_a_poll_in_flight(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    with RelayProcess(WAIT_TIME=10, **settings) as relay:
        wait_until(lambda: relay.logs("schema is ready"), what="the first poll")
        relay.process.send_signal(signal.SIGTERM)
        wait_until(lambda: relay.logs("stopping"), what="the signal")
        queue.send(offer_changed("B000000001", 1))
        assert relay.ended() == 0
    # Either it was in flight and came back at once, or it was stored: never invisible and undone.
    assert queue.visible + stored(db) == 1


def test_stop_finishes_the_batch_in_hand(
    db: Connection, queue: Queue, settings: dict[str, object], wait_until: WaitUntil
) -> None:
    body = offer_changed("B000000001", 1)
    with RelayProcess(VISIBILITY_TIMEOUT=600, **settings) as relay:
        with db.transaction():
            db.execute("select pg_advisory_xact_lock(ingest_order(%s))", [body])
            queue.send(body, offer_changed("B000000002", 1))
            wait_until(lambda: waiting(db), what="the batch at the lock")
            relay.process.send_signal(signal.SIGTERM)
            wait_until(lambda: relay.logs("stopping"), what="the signal")
        assert relay.ended() == 0
        assert len(relay.logs("message processed")) == 2
    assert queue.size == 0


def test_a_second_signal_ends_it_at_once(
    settings: dict[str, object], wait_until: WaitUntil
) -> None:
    with RelayProcess(WAIT_TIME=20, **settings) as relay:
        wait_until(lambda: relay.logs("schema is ready"), what="the first poll")
        relay.process.send_signal(signal.SIGINT)
        wait_until(lambda: relay.logs("stopping"), what="the first signal")
        relay.process.send_signal(signal.SIGTERM)
        assert relay.ended(10) == 1
        assert not relay.logs("stopped")


def waiting(db: Connection) -> bool:
    """Whether somebody waits for an advisory lock."""
    return bool(
        db.execute(
            "select 1 from pg_locks join pg_database on pg_database.oid = database"
            " where datname = current_database() and locktype = 'advisory' and not granted"
        ).fetchone()
    )


@pytest.fixture
def pgbouncer_url(database_url: str, tmp_path: Path, wait_until: WaitUntil) -> Iterator[str]:
    """database_url through PgBouncer in transaction mode, with one server connection for all."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "PgBouncer is not installed: make test installs it"
    url = urlsplit(database_url)
    port = free_port()
    name = url.path[1:]
    (tmp_path / "users").write_text(f'"{url.username}" "{url.password}"\n')
    (tmp_path / "ini").write_text(
        f"[databases]\n{name} = host={url.hostname} port={url.port}\n"
        "[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 1\nunix_socket_dir =\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"auth_type = plain\nauth_file = {tmp_path}/users\n"
    )
    # It refuses to run as root, and its user must get at the files.
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, "-q", *user, str(tmp_path / "ini")])
    try:
        yield database_url.replace(f":{url.port}/", f":{port}/")
    finally:
        process.terminate()
        process.wait()


def test_works_behind_pgbouncer_in_transaction_mode(
    db: Connection, queue: Queue, settings: dict[str, object], pgbouncer_url: str
) -> None:
    queue.send(*(offer_changed(f"B{n % 3:09}", n) for n in range(40)), broken(1))
    behind = settings | {"DATABASE_URL": pgbouncer_url, "WORKER_ID": "pooled", "CONCURRENCY": 3}
    with RelayProcess("--drain", WAIT_TIME=0, **behind) as relay:
        assert relay.ended(60) == 0
        assert len(relay.logs("database is not ready")) <= 1  # while PgBouncer starts
    assert db.execute(
        "select count(*) from worker_notifications where worker_id = 'pooled'"
    ).fetchone() == (40,)
    assert queue.size == 1
    with psycopg.connect(pgbouncer_url, autocommit=True, prepare_threshold=None) as next_client:
        assert next_client.execute("show statement_timeout").fetchone() == ("0",)
