"""The alerter as a process, against a real database and real receivers that fail it."""

import json
import re
import signal
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import notifications as n
import psycopg
import pytest
from cluster import Cluster, free_port
from relays import RelayProcess
from standardwebhooks import Webhook, WebhookVerificationError

from channels import read_channels

WaitUntil = Callable[..., None]
SECRET = "whsec_dGhlIGFsZXJ0ZXIncyBzZWNyZXQ="
ASIN = "B0TEST0001"
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"


class AlerterProcess(RelayProcess):
    script = "alerter.py"


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answer = tuple[int, dict[str, str]]
OK: Answer = (200, {})


class Receiver:
    """An HTTP server that keeps each request and answers as answer(request) says."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer | None] = lambda request: OK
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers, body)
                receiver.requests.append(request)
                if (answer := receiver.answer(request)) is None:
                    return
                self.send_response(answer[0])
                for name, value in answer[1].items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Said by requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook-token-7f3a?key=k3y"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def raise_issue(db: psycopg.Connection, asin: str = ASIN, minute: int = 0) -> None:
    """Something that the rule 'pricing issue' tells at once."""
    at = n.START + timedelta(minutes=minute)
    facts = n.PricingHealth(asin=asin, event_time=at, merchant=n.Price(listing=Decimal(12)))
    assert n.ingest(db, f"{asin} {minute}", n.text(n.pascal(facts)))["outcome"] == "processed"


def hurry(db: psycopg.Connection) -> None:
    """Lets every pause and lease be over, and tells the alerter."""
    db.execute("update alert_deliveries set leased_until = now() - interval '3 hours'")
    db.execute("notify alerts")


def seen(db: psycopg.Connection) -> list[tuple[Any, ...]]:
    return db.execute(
        "select status, attempts, last_error from alert_deliveries order by id"
    ).fetchall()


def hold(receiver: Receiver) -> tuple[threading.Event, threading.Event]:
    """Lets it answer only once told; returns what says that a request is there, and what tells."""
    arrived, go_on = threading.Event(), threading.Event()

    def answer(request: Request) -> Answer:
        arrived.set()
        assert go_on.wait(60)
        return OK

    receiver.answer = answer
    return arrived, go_on


def running(database_url: str, receiver: Receiver, **settings: str) -> AlerterProcess:
    settings = {"ALERT_URL_DEFAULT": receiver.url, **settings}
    return AlerterProcess(DATABASE_URL=database_url, **settings)


def test_an_alert_is_a_signed_webhook(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    with running(database_url, receiver, ALERT_SECRET_DEFAULT=SECRET, TZ="Asia/Tokyo") as process:
        wait_until(lambda: process.logs("started"))
        raise_issue(db)
        wait_until(lambda: seen(db) == [("sent", 1, None)], what="it to be sent")
        assert process.stop() == 0
    (request,) = receiver.requests
    payload = Webhook(SECRET).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", request.headers)
    assert request.headers["content-type"] == "application/json"
    (alert,) = payload["data"]["alerts"]
    assert payload["type"] == "alert"
    assert (alert["rule"], alert["kind"], alert["asin"]) == ("pricing issue", "pricing_issue", ASIN)
    assert alert["details"]["before"] is None
    assert alert["details"]["after"]["pricing_issue"] == "BuyBoxDisqualification"
    assert alert["headline"] in payload["data"]["body"]
    assert db.execute("select status from alerts").fetchall() == [("sent",)]


def test_it_is_told_within_seconds_of_the_event(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    """By listening: it looks only every ten seconds."""
    db.execute("select * from claim_alerts('{}')")
    with running(database_url, receiver) as process:
        wait_until(lambda: process.logs("started"))
        listening = (
            "select count(*) from pg_stat_activity"
            " where application_name = 'alerter' and query ~ 'claim_alerts' and state = 'idle'"
        )
        for minute in range(3):
            wait_until(lambda: db.execute(listening).fetchone() == (1,))
            raise_issue(db, f"B0TEST000{minute}")
            wait_until(lambda sent=minute + 1: len(receiver.requests) == sent, timeout=8)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {}), "HTTP 500"),
        ((302, {"location": "/elsewhere"}), "HTTP 302"),
        ((404, {}), "HTTP 404"),
        (None, "RemoteProtocolError"),
    ],
)
def test_what_fails_is_sent_again_under_the_same_id(
    database_url: str,
    db: psycopg.Connection,
    receiver: Receiver,
    wait_until: WaitUntil,
    answer: Answer | None,
    error: str,
) -> None:
    answers = iter([answer, OK])
    receiver.answer = lambda request: next(answers)
    with running(database_url, receiver) as process:
        raise_issue(db)
        wait_until(lambda: seen(db) == [("waiting", 1, error)], what="it to fail")
        hurry(db)
        wait_until(lambda: seen(db) == [("sent", 2, error)], what="it to be sent")
        assert [line["error"] for line in process.logs("failed")] == [error]
    assert len({request.id for request in receiver.requests}) == 1
    assert len(receiver.requests) == 2  # the redirect was not followed
    assert {request.path for request in receiver.requests} == {"/hook-token-7f3a?key=k3y"}


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_obeyed(
    database_url: str,
    db: psycopg.Connection,
    receiver: Receiver,
    wait_until: WaitUntil,
    as_date: bool,
) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=50), usegmt=True)
    receiver.answer = lambda request: (429, {"retry-after": until if as_date else "3000"})
    with running(database_url, receiver):
        raise_issue(db)
        wait_until(lambda: seen(db) == [("waiting", 1, "HTTP 429")], what="it to be refused")
    (pause,) = db.execute("select leased_until - now() from alert_deliveries").fetchone() or ()
    assert timedelta(minutes=45) < pause <= timedelta(minutes=50)


def test_gone_is_gone(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    receiver.answer = lambda request: (410, {})
    with running(database_url, receiver):
        raise_issue(db)
        wait_until(lambda: seen(db) == [("dead", 1, "HTTP 410")], what="it to be dead")


def test_who_does_not_answer_holds_up_nobody(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    """One that accepts and is silent, one that drips, one that refuses: the fourth gets its own."""

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                while not closing.wait(0.2):
                    self.request.sendall(b"H")
            except OSError:
                pass

    told: dict[str, tuple[str, str | None]] = {}

    def all_answered() -> bool:
        # What is asserted is this one look: a moment later a retry may be under way.
        query = "select channel, status, last_error from alert_deliveries"
        told.update({channel: (status, error) for channel, status, error in db.execute(query)})
        return "sending" not in {status for status, _ in told.values()}

    closing = threading.Event()
    dripping = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip)
    thread = threading.Thread(target=dripping.serve_forever)
    thread.start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        urls = {
            "ALERT_URL_SILENT": f"http://127.0.0.1:{silent.getsockname()[1]}/",
            "ALERT_URL_DRIPPING": f"http://127.0.0.1:{dripping.server_address[1]}/",
            "ALERT_URL_REFUSING": f"http://127.0.0.1:{free_port()}/",
        }
        for channel in ("silent", "dripping", "refusing"):
            db.execute(
                "insert into alert_rules (name, kind, channel)"
                " values (%(c)s, 'pricing_issue', %(c)s)",
                {"c": channel},
            )
        with running(database_url, receiver, **urls) as process:
            wait_until(lambda: process.logs("started"))
            raise_issue(db)
            wait_until(lambda: receiver.requests, timeout=8, what="the fourth")
            wait_until(all_answered, what="the others")
    closing.set()
    dripping.shutdown()
    dripping.server_close()
    thread.join()
    assert told.pop("dripping")[0] == "waiting"  # h11 may see that it is no HTTP
    assert told == {
        "default": ("sent", None),
        "refusing": ("waiting", "ConnectError"),
        "silent": ("waiting", "no answer within 10 s"),
    }


@pytest.mark.parametrize("form", ["{}", "json:{}?rto=60"])
def test_a_channel_gets_its_own_while_another_is_slow(
    database_url: str,
    db: psycopg.Connection,
    receiver: Receiver,
    wait_until: WaitUntil,
    form: str,
) -> None:
    go_on, others = threading.Event(), []

    def answer(request: Request) -> Answer:
        if "slow" in request.path:
            assert go_on.wait(30)
        else:
            others.append(request)
        return OK

    receiver.answer = answer
    url = receiver.url.replace("hook", "slow")
    slow = url if form == "{}" else form.format(url.removeprefix("http:").partition("?")[0])
    db.execute(
        "insert into alert_rules (name, kind, channel) values ('slow', 'pricing_issue', 'slow')"
    )
    state = "select status, attempts from alert_deliveries where channel = 'slow' order by id"
    with running(database_url, receiver, ALERT_URL_SLOW=slow) as process:
        for number in range(3):
            raise_issue(db, f"B0TEST000{number}")
            wait_until(lambda sent=number + 1: len(others) == sent, what="the others")
            assert db.execute(state).fetchone() == ("sending", 1)
        go_on.set()
        wait_until(lambda: {row[0] for row in seen(db)} == {"sent"}, what="all to be sent")
        assert not process.logs("alerts are due")  # the slow channel has its URL
        assert process.stop() == 0


def test_an_apprise_that_is_stuck_does_not_hold_up_the_end(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    arrived, go_on = hold(receiver)
    url = receiver.url.replace("http:", "json:").partition("?")[0] + "?rto=600"
    with AlerterProcess(DATABASE_URL=database_url, ALERT_URL_DEFAULT=url) as process:
        raise_issue(db)
        assert arrived.wait(30)
        try:
            assert process.stop() == 0
        finally:
            go_on.set()
    assert seen(db) == [("waiting", 1, "no answer within 10 s")]


def test_killed_between_send_and_finish_it_is_sent_again(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    arrived, go_on = hold(receiver)
    with running(database_url, receiver) as process:
        raise_issue(db)
        assert arrived.wait(30)
        process.process.kill()
        process.ended()
    go_on.set()
    assert seen(db) == [("sending", 1, None)]
    db.execute("update alert_deliveries set leased_until = now()")
    with running(database_url, receiver):
        wait_until(lambda: seen(db)[0][:2] == ("sent", 2), what="another to send it")
    first, second = receiver.requests
    assert first.id == second.id
    assert first.body == second.body


def test_at_a_signal_what_is_being_sent_is_finished(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    arrived, go_on = hold(receiver)
    with running(database_url, receiver) as process:
        raise_issue(db)
        assert arrived.wait(30)
        process.process.send_signal(signal.SIGTERM)
        go_on.set()
        assert process.ended() == 0
        assert process.logs("stopped")
    assert seen(db) == [("sent", 1, None)]


def test_two_beside_each_other_send_each_once(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    with running(database_url, receiver) as one, running(database_url, receiver) as two:
        wait_until(lambda: one.logs("started") and two.logs("started"))
        for number in range(30):
            raise_issue(db, f"B0TEST{number:04}")
        pending = "select count(*) from alerts where status = 'pending'"
        wait_until(lambda: db.execute(pending).fetchone() == (0,), what="all to be sent")
    ids = [request.id for request in receiver.requests]
    assert len(ids) == len(set(ids)) == len(seen(db))
    told = [
        alert["id"]
        for request in receiver.requests
        for alert in json.loads(request.body)["data"]["alerts"]
    ]
    raised = [row[0] for row in db.execute("select id from alerts").fetchall()]
    assert sorted(told) == sorted(raised)
    assert {row[0] for row in seen(db)} == {"sent"}


def test_what_was_sent_is_finished_when_the_database_is_back(
    receiver: Receiver, wait_until: WaitUntil
) -> None:
    with Cluster() as cluster:
        url = cluster.create_database(migrated=True)
        stopped = threading.Event()

        def answer(request: Request) -> Answer:
            if len(receiver.requests) == 1:
                cluster.stop()
                stopped.set()
            return OK

        with psycopg.connect(url, autocommit=True) as db:
            raise_issue(db)
        receiver.answer = answer
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("update alert_rules set channel = 'mail' where name = 'critical'")
            db.execute(
                "insert into alerts"
                " (rule, kind, asin, marketplace, item_condition, headline, details)"
                " values ('critical', 'undercut', %s, %s, 'new', 'About it', '{}')",
                (ASIN, n.UK),
            )
        with running(url, receiver) as process:
            wait_until(lambda: process.logs("the database is not ready"), what="it to notice")
            assert stopped.wait(30)
            cluster.start()
            with psycopg.connect(url, autocommit=True) as db:
                wait_until(lambda: seen(db) == [("sent", 1, None)], what="it to be finished")
                raise_issue(db, "B0TEST0002")
                wait_until(lambda: len(receiver.requests) == 2, what="the next")
                wait_until(lambda: len(seen(db)) == 2 and seen(db)[1][0] == "sent")
            first = len(process.logs("the database is not ready"))
            cluster.stop()
            wait_until(
                lambda: len(process.logs("the database is not ready")) > first,
                what="it to say so of each outage",
            )
            cluster.start()
            with psycopg.connect(url, autocommit=True) as db:
                raise_issue(db, "B0TEST0003")
                wait_until(lambda: len(receiver.requests) == 3, what="the next")
            assert process.stop() == 0
            assert len(process.logs("alerts are due")) == 1  # of them all


def test_a_channel_without_url_is_said_once_and_others_flow(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    db.execute(
        "insert into alert_rules (name, kind, channel) values ('mail', 'pricing_issue', 'mail')"
    )
    with running(database_url, receiver) as process:
        for number in range(3):
            raise_issue(db, f"B0TEST000{number}")
            wait_until(lambda sent=number + 1: len(receiver.requests) == sent, what="the others")
        wait_until(lambda: process.logs("alerts are due on channels"))
        assert process.stop() == 0
        (line,) = process.logs("alerts are due on channels")
        assert line["level"] == "warning"
        assert line["message"].endswith(" mail")
    waiting = "select count(*) from alerts where rule = 'mail' and status = 'pending'"
    assert db.execute(waiting).fetchone() == (3,)


def test_neither_url_nor_secret_nor_payload_is_told_to_anybody(
    database_url: str, db: psycopg.Connection, receiver: Receiver, wait_until: WaitUntil
) -> None:
    """Whatever goes wrong, at the lowest log level, by HTTP and by Apprise, good URLs and bad."""
    host = receiver.url.removeprefix("http://").partition("/")[0]
    urls = {
        "ALERT_URL_DEFAULT": receiver.url,
        "ALERT_SECRET_DEFAULT": SECRET,
        "ALERT_URL_REFUSING": f"http://127.0.0.1:{free_port()}/hook-token-7f3a?key=k3y",
        "ALERT_URL_NAMELESS": "https://hook-token-7f3a.invalid/hook-token-7f3a",
        "ALERT_URL_APPRISE": f"json://k3y:hook-token-7f3a@{host}/hook-token-7f3a",
        "ALERT_URL_SLACK": "slack://hook-token-7f3a/k3y",
        "ALERT_URL_REMOTE": "http://hook-token-7f3a.example.com/",
        "ALERT_URL_MALFORMED": "https://[hook-token-7f3a",
        "ALERT_URL_KEYLESS": receiver.url,
        "ALERT_SECRET_KEYLESS": "whsec_hook-token-7f3a-k",
        "LOG_LEVEL": "debug",
    }
    channels = ("refusing", "nameless", "apprise")
    for channel in channels:
        db.execute(
            "insert into alert_rules (name, kind, channel) values (%(c)s, 'pricing_issue', %(c)s)",
            {"c": channel},
        )
    receiver.answer = lambda request: (500, {})
    with running(database_url, receiver, **urls) as process:
        raise_issue(db)
        wait_until(
            lambda: [row[:2] for row in seen(db)] == [("waiting", 1)] * 4, what="all to fail"
        )
        receiver.answer = lambda request: OK
        hurry(db)
        wait_until(lambda: [row[0] for row in seen(db)].count("sent") == 2, what="two to be sent")
        wait_until(lambda: [row[1] for row in seen(db)] == [2] * 4, what="all")
        assert process.stop() == 0
        output = process.stdout + process.stderr
        refused = {line["message"].split()[0] for line in process.logs("ALERT_URL_")}
        keyless = process.logs("ALERT_SECRET_KEYLESS ")
    assert {f"ALERT_URL_{name}" for name in ("SLACK", "REMOTE")} == refused
    assert len(keyless) == 1
    assert "base64" in keyless[0]["message"]
    rows = "".join(
        str(row)
        for table in ("alert_deliveries", "alerts", "alert_rules")
        for row in db.execute(f"select to_jsonb(t) from {table} as t").fetchall()
    )
    for secret in ("hook-token-7f3a", "k3y", SECRET, SECRET.removeprefix("whsec_"), "token"):
        assert secret not in output, secret
        assert secret not in rows, secret
    for payload in (ASIN, "BuyBoxDisqualification", "Pricing issue of"):
        assert payload not in output, payload
    # Apprise's own JSON has title and text.
    texts = [json.loads(r.body) for r in receiver.requests if "webhook-id" not in r.headers]
    assert {text["title"] for text in texts} == {f"apprise: {ASIN}"}


def test_without_the_extra_only_its_urls_are_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    channels = read_channels(
        {"ALERT_URL_CHAT": "slack://a/b/c", "ALERT_URL_HOOK": "https://example.com/x"}
    )
    assert set(channels) == {"hook"}
    (line,) = caplog.messages
    assert line.startswith("ALERT_URL_CHAT ")
    assert "[alerts]" in line


@pytest.mark.filterwarnings("ignore::DeprecationWarning:apprise")
def test_the_guide_has_urls_that_are_understood(caplog: pytest.LogCaptureFixture) -> None:
    table = re.findall(r"^ *\| [^|]+ \| `(\w+://[^`]+)` \|$", GUIDE.read_text(), re.MULTILINE)
    assert len(table) == 5
    channels = read_channels({f"ALERT_URL_{number}": url for number, url in enumerate(table)})
    assert (len(channels), caplog.messages) == (5, [])


@pytest.mark.parametrize(
    ("settings", "name"), [({}, "DATABASE_URL"), ({"LOG_LEVEL": "loud"}, "LOG_LEVEL")]
)
def test_a_wrong_setting_ends_the_start(settings: dict[str, str], name: str) -> None:
    url = {} if not settings else {"DATABASE_URL": "postgresql://u:p@127.0.0.1/x"}
    with AlerterProcess(**url, **settings) as process:
        assert process.ended() == 2
        (line,) = process.stderr.splitlines()
        assert line.startswith("alerter.py: ")
        assert name in line


def test_a_test_message(receiver: Receiver) -> None:
    """It takes no database."""
    for answer, status, said in [(OK, 0, "sent"), ((403, {}), 1, "failed (HTTP 403)")]:
        answers = iter([answer])
        receiver.answer = lambda request: next(answers)  # noqa: B023  asked within the turn
        urls = {"ALERT_URL_CHAT": receiver.url, "ALERT_SECRET_CHAT": SECRET}
        with AlerterProcess("--test", "chat", **urls) as process:
            assert process.ended() == status
            assert process.stdout == f"chat: {said}\n"
    payloads = [Webhook(SECRET).verify(r.body, r.headers) for r in receiver.requests]
    assert [payload["type"] for payload in payloads] == ["alert", "alert"]
    with AlerterProcess("--test", "mail") as process:
        assert process.ended() == 2
        assert process.stderr == "alerter.py: ALERT_URL_MAIL is missing or not usable\n"


def test_an_unmigrated_database_is_said(
    empty_database_url: str, receiver: Receiver, wait_until: WaitUntil
) -> None:
    with running(empty_database_url, receiver) as process:
        wait_until(lambda: process.logs("the database is not ready"))
        assert "claim_alerts" in process.logs("the database is not ready")[0]["message"]
        assert process.stop() == 0


def test_its_role_is_enough_and_no_more(
    cluster: Cluster,
    database_url: str,
    db: psycopg.Connection,
    receiver: Receiver,
    wait_until: WaitUntil,
) -> None:
    db.execute("create role login_alerter login password 'alerter' in role buybox_alerter")
    try:
        url = database_url.replace(f"seller:{cluster.password}", "login_alerter:alerter")
        with running(url, receiver) as process:
            raise_issue(db)
            wait_until(lambda: seen(db) == [("sent", 1, None)], what="it to be sent")
            assert process.stop() == 0
    finally:
        db.execute("drop role login_alerter")
