"""Relay: SQS queue -> ingest_notification() in Postgres -> delete what it acknowledged.

All meaning is in the database. Here is what a database cannot do: poll the queue, hand over each
batch in one transaction, delete exactly the messages whose row says `acknowledge`, tell the truth
in /health and /metrics, and stop without leaving anything half done. Nothing is deleted before its
commit; what is committed and not deleted comes back and is a duplicate.

Threads: each poller owns one database connection, and runs its long polls in a helper thread so
that it can check that connection meanwhile. The main thread watches the pollers.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import random
import re
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import botocore.config
import botocore.exceptions as aws
import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# Asked before every receive, as a sign of life too: a receive counts towards maxReceiveCount even
# when nobody can store the message. The first is null where there is no such function yet.
READY = """
select has_function_privilege(to_regprocedure('ingest_notification(text,text)'), 'execute'),
  current_setting('transaction_read_only')
"""
# Local to the batch's transaction: a session's settings get lost in PgBouncer's transaction mode.
# synchronous_commit, because what is deleted from the queue must survive a crash of the server.
SETTINGS = """
select set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
  set_config('synchronous_commit', 'on', true)
"""
# `offset 0` keeps the sort below the calls: locks in ascending order, so no two batches deadlock.
INGEST = """
select b.position, r.outcome, r.acknowledge, r.asin, r.marketplace, r.severity, r.trace_id,
  r.error_type, r.error_message
from (
  select m.position::int, m.message_id, m.body
  from unnest(%b::text[], %b::text[]) with ordinality as m (message_id, body, position)
  order by ingest_order(m.body), m.position
  offset 0
) as b
cross join lateral ingest_notification(b.message_id, b.body) as r
"""
CHECK_EVERY = 3.0  # seconds between two looks at an idle connection
CHECK_LIMIT = 5.0  # seconds that such a look, or a connect, may take: a loss shows within 8 s
TRIES = 3  # to store a message that finds its lock taken, and to delete one
STUCK = 30  # seconds over WAIT_TIME after which a poller that has not turned is unhealthy
STOP_LIMIT = 24  # seconds from the signal to the end, come what may
SQS_ERRORS = (aws.BotoCoreError, aws.ClientError)

MESSAGES = Counter(
    "relay_messages", "Messages, by outcome (left: could not be stored)", ["outcome"]
)
BATCH_SECONDS = Histogram("relay_batch_seconds", "Seconds from a batch's statement to its commit")
POLL_ERRORS = Counter("relay_poll_errors", "Receives that failed")
DELETE_FAILURES = Counter("relay_delete_failures", "Stored but not deleted; comes back")
NEWEST_AGE = Gauge("relay_newest_message_age_seconds", "From sent to stored, newest of last batch")
UP = Gauge("relay_up", "1 while every poller reaches it", ["end"])

logger = logging.getLogger("relay")


class ConfigurationError(Exception):
    """What no retry can mend. One line that names the variable and repeats no possible secret."""


@dataclass(frozen=True)
class Config:
    """The environment, checked: a field a variable, in the units of TEXTS and NUMBERS."""

    database_url: str
    sqs_queue_url: str
    aws_region: str
    worker_id: str
    log_level: str
    visibility_timeout: int
    max_receive_count: int
    poll_interval: int
    batch_size: int
    wait_time: int
    concurrency: int
    port: int

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Config:
        """Returns what `env` says; an empty variable counts as unset. Raises ConfigurationError."""
        values: dict[str, Any] = {}
        faults = []
        for name, (default, fits, accepted) in TEXTS.items():
            values[name.lower()] = text = env.get(name, "").strip() or default
            if not fits(text):  # not repeated: a secret may sit in the wrong variable
                fault = "not valid" if text else "missing"
                faults.append(f"{name} is {fault}, accepted: {accepted}")
        for name, (standard, low, high, unit) in NUMBERS.items():
            text = env.get(name, "").strip() or str(standard)
            known = re.fullmatch("-?[0-9]{1,9}", text)
            values[name.lower()] = int(text) if known else None
            if not known or not low <= int(text) <= high:
                limits = f"{low} to {high}" if high < ANY else f"{low} or more"
                fault = text if known else "not a whole number"
                faults.append(f"{name} is {fault}, accepted: {limits}{unit} (unset: {standard})")
        if faults:
            raise ConfigurationError("; ".join(faults))
        return cls(**values)

    @property
    def statement_timeout(self) -> float:
        """Seconds a batch may take: well inside the visibility timeout, and short enough that a
        database which hangs in one is known to be lost within 10 s."""
        return min(8.0, self.visibility_timeout / 4)


def is_database_url(text: str) -> bool:
    """An unescaped '@' or '/' in a password makes the rest of it a host, port or database name,
    which the errors of a connect repeat: such a URL is none."""
    try:
        parts = conninfo_to_dict(text)
    except psycopg.Error:
        return False
    place = f"{parts.get('host')} {parts.get('dbname')}"
    port = re.fullmatch("[0-9,]*", str(parts.get("port") or ""))
    return bool(re.match("postgres(ql)?://", text) and port and "@" not in place)


def is_queue_url(text: str) -> bool:
    """True for http(s)://host/path."""
    with suppress(ValueError):
        url = urlsplit(text)
        return url.scheme in ("http", "https") and bool(url.hostname) and len(url.path) > 1
    return False


def like(pattern: str) -> Callable[[str], object]:
    """Returns the test whether a text matches the pattern as a whole, in any case."""
    return re.compile(pattern, re.IGNORECASE).fullmatch


# name: default, test, what is accepted
TEXTS: dict[str, tuple[str, Callable[[str], object], str]] = {
    "DATABASE_URL": ("", is_database_url, "postgresql://user:password@host/db (password as %XX)"),
    "SQS_QUEUE_URL": ("", is_queue_url, "https://sqs.<region>.amazonaws.com/<account>/<queue>"),
    "AWS_REGION": ("eu-west-1", like("[a-z0-9-]+"), "a region such as eu-west-1"),
    # The session's application_name, which holds no more.
    "WORKER_ID": ("notification-processor-1", like("[ -~]{1,63}"), "1 to 63 ASCII characters"),
    "LOG_LEVEL": ("info", like("debug|info|warn(ing)?|error"), "debug, info, warn or error"),
}
ANY = 10**9
# name: default, least, greatest, unit
NUMBERS = {
    "VISIBILITY_TIMEOUT": (120, 1, 43200, " seconds"),
    "MAX_RECEIVE_COUNT": (3, 1, ANY, " receives"),
    "POLL_INTERVAL": (1000, 0, ANY, " milliseconds"),
    "BATCH_SIZE": (10, 1, 10, " messages"),
    "WAIT_TIME": (20, 0, 20, " seconds"),
    "CONCURRENCY": (1, 1, 64, " pollers"),
    "PORT": (3000, 1, 65535, ""),
}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: timestamp, level, message, then the fields that are not None."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "timestamp": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {k: v for k, v in getattr(record, "fields", {}).items() if v is not None}
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log(level: int, message: str, **fields: object) -> None:
    """Writes a log line."""
    logger.log(level, message, extra={"fields": fields})


def describe(error: Exception) -> str:
    """Returns one line. Of AWS's message the first only: the rest may hold a session token. What
    an HTTP client says of a header that it refuses holds the header."""
    if isinstance(error, aws.HTTPClientError) and type(error) is aws.HTTPClientError:
        return "the HTTP client refuses the request: is there a line's end in a credential?"
    if isinstance(error, aws.ClientError):
        answer = error.response["Error"]
        return f"{answer.get('Code')}: {answer.get('Message') or ''}".splitlines()[0]
    text = re.sub("//[^/@ ]*@", "//***@", str(error))  # a user and password in an endpoint's URL
    return " ".join(text.split()) or type(error).__name__


def backoff(failures: int) -> float:
    """Returns the seconds to wait after so many failures in a row: doubling to 15, with jitter."""
    return min(15.0, 0.5 * 2.0 ** min(failures, 5)) * random.uniform(0.5, 1)


def is_passing(error: Exception, tries: int, alone: bool) -> bool:
    """Whether to try a message again: as long as the server lacks disk, memory or its writable
    state; TRIES times after a lock or a deadlock, and as long as no other (`alone`) could be stored
    either; TRIES times after a lost connection (it may be what crashes it)."""
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(("53", "58")) or state == "25006":
        return True
    if alone and (state.startswith("40") or state in ("55P03", "57014")):
        return True
    return isinstance(error, psycopg.OperationalError) and tries < TRIES


class Message(NamedTuple):
    message_id: str
    body: str
    receipt_handle: str
    sent_at: float
    receive_count: int


class Result(NamedTuple):
    """A row of INGEST; position is the message's place in the batch, from 1."""

    position: int
    outcome: str
    acknowledge: bool
    asin: str | None
    marketplace: str | None
    severity: str | None
    trace_id: str | None
    error_type: str | None
    error_message: str | None


class Link:
    """Whether all pollers reach one end. Logs each change once, not once a poller or attempt."""

    def __init__(self, end: str, pollers: int) -> None:
        self._end = end
        self._states: list[bool | None] = [None] * pollers
        self._said: bool | None = None
        self._lock = threading.Lock()
        UP.labels(end).set_function(lambda: float(self.up))

    @property
    def up(self) -> bool:
        return all(self._states)

    def report(self, poller: int, up: bool, reason: str = "") -> None:
        """Takes what a poller just saw, and why where it is not up."""
        if self._states[poller] is up:
            return
        with self._lock:
            self._states[poller] = up
            now = False if False in self._states else None if None in self._states else True
            if now is None or now is self._said:
                return
            self._said = now
        if now:
            log(logging.INFO, f"{self._end} is ready")
        else:
            log(logging.WARNING, f"{self._end} is not ready: trying until it is", error=reason)


class Database:
    """A poller's one connection. No contact waits for ever: past its deadline the main thread cuts
    the socket, and the poller gets an OperationalError. (A server that hangs times nothing out.)"""

    def __init__(self, config: Config, poller: int, link: Link, schema: Link) -> None:
        self._config, self._poller, self._link, self._schema = config, poller, link, schema
        self._connection: psycopg.Connection | None = None
        self._socket: socket.socket | None = None
        self._deadline = math.inf
        self._failures = 0
        self.retry_at = 0.0

    @contextmanager
    def _contact(self, limit: float) -> Iterator[psycopg.Connection]:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._config.database_url,
                    autocommit=True,
                    prepare_threshold=None,  # a prepared statement is lost in PgBouncer
                    application_name=self._config.worker_id,
                    connect_timeout=int(CHECK_LIMIT),
                )
                # A descriptor of our own: libpq may close its one just when the main thread cuts.
                self._socket = socket.socket(fileno=os.dup(self._connection.fileno()))
            self._deadline = monotonic() + limit
            yield self._connection
            self._link.report(self._poller, True)
        except psycopg.Error as error:
            # Not idle after an error: lost, or (an error at the commit) in no known state.
            connection = self._connection
            if not connection or connection.info.transaction_status != TransactionStatus.IDLE:
                self.close()
                self.retry_at = monotonic() + backoff(self._failures)
                self._failures += 1
                self._link.report(self._poller, False, describe(error))
            raise
        finally:
            self._deadline = math.inf

    def check(self) -> bool:
        """Returns whether a batch could be stored now; connects, but not before retry_at."""
        if monotonic() < self.retry_at:
            return False
        try:
            with self._contact(CHECK_LIMIT) as connection:
                may_execute, read_only = connection.execute(READY).fetchone() or (None, None)
        except psycopg.Error:
            return False
        self._failures = 0
        fault = ""
        if may_execute is None:
            fault = "the database is not migrated: run make migrate"
        elif not may_execute:
            fault = "no right to ingest: grant buybox_relay to the relay's user"
        elif read_only == "on":
            fault = "the database is read-only"
        self._schema.report(self._poller, not fault, fault)
        return not fault

    def ingest(self, messages: Sequence[Message]) -> list[Result]:
        """Stores the messages in one transaction, committed when this returns; a row each, in no
        promised order. Raises psycopg.Error, or ValueError for text that Postgres cannot hold."""
        seconds = self._config.statement_timeout
        limits = [str(int(seconds * 1000)), str(int(seconds * 500))]
        batch = [[m.message_id for m in messages], [m.body for m in messages]]
        with self._contact(seconds + 1) as connection:
            cursor = connection.cursor(row_factory=class_row(Result))
            with connection.pipeline():  # one round trip and one transaction, committed at its end
                connection.execute(SETTINGS, limits)
                cursor.execute(INGEST, batch)
            return cursor.fetchall()

    def cut(self, now: float) -> None:
        """Ends a contact that is past its deadline. For the main thread."""
        end = self._socket  # once: its poller may be closing it just now
        if now > self._deadline and end:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the connection, if there is one."""
        for end in (self._connection, self._socket):
            if end:
                end.close()
        self._connection = self._socket = None


class Poller:
    """Receives, stores, deletes, again. Ends at the signal or, when draining, at an empty poll."""

    def __init__(self, relay: Relay, number: int) -> None:
        self._relay, self._config, self.number = relay, relay.config, number
        self.database = Database(relay.config, number, relay.database, relay.schema)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.turned = self.polled = monotonic()
        self.died = False

    def _run(self) -> None:
        try:
            self._loop()
        except BaseException:
            self.died = True
            logger.critical("a poller died", exc_info=True)
        self.database.close()

    def is_stuck(self, now: float, seconds: float) -> bool:
        """True when it died, or has not turned for WAIT_TIME and these seconds."""
        late = now - self.turned > self._config.wait_time + seconds
        return self.died or (late and self.thread.is_alive())

    def _loop(self) -> None:
        failures = 0
        while not self._relay.stop.is_set():
            self.turned = monotonic()
            if not self.database.check():
                self._pause(max(CHECK_EVERY / 3, self.database.retry_at - monotonic()))
                continue
            try:
                messages = self._receive()
            except SQS_ERRORS as error:
                POLL_ERRORS.inc()
                self._relay.sqs_link.report(self.number, False, describe(error))
                self._pause(max(self._config.poll_interval / 1000, backoff(failures)))
                failures += 1
                continue
            failures = 0
            self._relay.sqs_link.report(self.number, True)
            # Of a poll that was in flight at the signal too. Released, they would go to the next
            # poll in flight and from there on, a receive each time, into the dead-letter queue.
            if messages:
                self._work(messages)
            elif self._relay.drain:
                return
            else:
                self._pause(self._config.poll_interval / 1000)

    def _watch(self, done: Callable[[float], object]) -> None:
        """Waits for `done`, given the seconds it may take, with looks at the connection between."""
        while not done(CHECK_EVERY):
            if not self._relay.stop.is_set():
                self.database.check()

    def _pause(self, seconds: float) -> None:
        """Waits; at the signal no longer."""
        self.turned = end = monotonic() + seconds
        stop = self._relay.stop
        self._watch(
            lambda most: stop.wait(min(most, max(0, end - monotonic()))) or monotonic() > end
        )

    def _receive(self) -> list[Message]:
        poll = self._relay.helpers.submit(self._relay.receive)
        self._watch(lambda most: wait([poll], most).done)
        self.polled = monotonic()
        return poll.result()

    def _work(self, batch: list[Message]) -> None:
        """Stores a batch, and deletes what is acknowledged.

        What cannot be stored for the world's sake is kept in hand and tried again, which costs no
        receive however long it takes: at half of its visibility timeout that is begun anew. Where
        SQS does not (it ends after 12 hours), the messages are left to their timeout. At shutdown
        they are released, because the next relay does not receive before its database is ready.
        """
        received = monotonic()
        alone = True
        groups = deque([(batch, 1)])
        reason = ""
        while groups:
            group, tries = groups.popleft()
            self.turned = monotonic()
            try:
                with BATCH_SECONDS.time():
                    results = self.database.ingest(group)
            except (psycopg.Error, ValueError) as error:
                reason = describe(error)
                if len(group) > 1:
                    groups.extend(([message], 1) for message in group)
                elif is_passing(error, tries, alone):
                    groups.append((group, tries + 1))
                    self._pause(backoff(tries))
                else:
                    self._leave(group, reason)
            else:
                alone = False
                self._finish(group, results, received)
                continue
            ready = False
            while groups and not ready and not self._relay.stop.is_set():
                ready = self._ready_before(received + self._config.visibility_timeout / 2)
                if not ready and not self._hold([m for group, _ in groups for m in group]):
                    break
                received = received if ready else monotonic()
            if not ready:
                break
        rest = [message for group, _ in groups for message in group]
        if self._relay.stop.is_set():
            self._release(rest)
        else:
            self._leave(rest, reason)

    def _ready_before(self, give_up: float) -> bool:
        """Waits for the database; false at give_up or at the signal."""
        while monotonic() < give_up and not self._relay.stop.is_set():
            if self.database.check():
                return True
            self._pause(max(CHECK_EVERY / 3, self.database.retry_at - monotonic()))
        return False

    def _finish(self, messages: list[Message], results: list[Result], received: float) -> None:
        """Logs and counts what became of committed messages; deletes those acknowledged."""
        done = []
        for row in results:
            message = messages[row.position - 1]
            MESSAGES.labels(row.outcome).inc()
            log(
                logging.INFO if row.acknowledge else logging.WARNING,
                f"message {row.outcome}",
                traceId=row.trace_id,
                messageId=message.message_id,
                asin=row.asin,
                marketplace=row.marketplace,
                severity=row.severity,
                outcome=row.outcome,
                receiveCount=message.receive_count,
                errorType=row.error_type,
                errorMessage=row.error_message,
            )
            if row.acknowledge:
                done.append(message)
        if done:
            NEWEST_AGE.set(time.time() - max(message.sent_at for message in done))
            self._delete(done, received)

    def _delete(self, messages: list[Message], received: float) -> None:
        """Deletes stored messages. One that stays comes back, is a duplicate, and goes then."""
        failed = dict.fromkeys(messages, "")
        for attempt in range(TRIES):
            if attempt:
                self._pause(backoff(attempt - 1))
            if monotonic() - received > 0.9 * self._config.visibility_timeout:
                failed = dict.fromkeys(failed, "visibility timeout over: another may work on it")
                break
            try:
                failed = self._relay.delete(list(failed))
            except SQS_ERRORS as error:
                failed = dict.fromkeys(failed, describe(error))
            if not failed:
                return
        DELETE_FAILURES.inc(len(failed))
        for message, reason in failed.items():
            log(logging.WARNING, "not deleted", messageId=message.message_id, error=reason)

    def _release(self, messages: list[Message]) -> None:
        """Makes messages visible at once; where SQS is away they are so after their timeout."""
        with suppress(*SQS_ERRORS):
            if messages:
                self._relay.hide(messages, 0)
                log(logging.INFO, "released", messages=len(messages))

    def _hold(self, messages: list[Message]) -> bool:
        """Begins the messages' visibility timeout anew; returns whether SQS did."""
        with suppress(*SQS_ERRORS):
            return self._relay.hide(messages, self._config.visibility_timeout)
        return False

    def _leave(self, messages: list[Message], reason: str) -> None:
        """Says which messages stay in the queue and come back."""
        MESSAGES.labels("left").inc(len(messages))
        for message in messages:
            fields = {"messageId": message.message_id, "receiveCount": message.receive_count}
            log(logging.ERROR, "not stored", **fields, outcome="left", error=reason)


class Relay:
    """The pollers, what they share, and the main thread's watch over them."""

    def __init__(self, config: Config, drain: bool) -> None:
        """Raises ConfigurationError where boto3 refuses its configuration."""
        self.config, self.drain = config, drain
        self.stop = threading.Event()
        self.sqs_link = Link("queue", config.concurrency)
        self.database = Link("database", config.concurrency)
        self.schema = Link("schema", config.concurrency)
        self.helpers = ThreadPoolExecutor(config.concurrency, "receive")
        self._pollers = [Poller(self, number) for number in range(config.concurrency)]
        self._inspected = False
        self._started = monotonic()
        self._signals = 0
        # A long poll of 1 s asks all of SQS's servers, so its empty answer is true.
        self._wait_time = min(1, config.wait_time) if drain else config.wait_time
        try:
            # An aborted long poll may have taken messages; all else answers soon or hangs.
            self._polls = self._client(config.wait_time + 3)
            self._sqs = self._client(5)
        except (*SQS_ERRORS, ValueError) as error:
            names = "AWS_REGION, AWS_ENDPOINT_URL_SQS or AWS_PROFILE"
            raise ConfigurationError(f"{names} is not valid: {describe(error)}") from None

    def _client(self, read_timeout: int) -> SQSClient:
        """Returns an SQS client. It does not retry: the loop does, and knows of shutdown."""
        settings = botocore.config.Config(
            connect_timeout=5,
            read_timeout=read_timeout,
            max_pool_connections=self.config.concurrency,
            retries={"total_max_attempts": 1},
        )
        session = boto3.session.Session(region_name=self.config.aws_region)
        return session.client("sqs", config=settings)

    def _inspect(self) -> None:
        """Warns of queue settings that lose or repeat messages. Raises ConfigurationError where SQS
        refuses the queue or the credentials for good, else SQS_ERRORS."""
        config = self.config
        names: list[QueueAttributeNameType] = ["RedrivePolicy", "VisibilityTimeout"]
        try:
            answer = self._sqs.get_queue_attributes(
                QueueUrl=config.sqs_queue_url, AttributeNames=names
            )
        except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
            name = "AWS_ACCESS_KEY_ID"
            raise ConfigurationError(f"{name} or its like is missing: {describe(error)}") from None
        except aws.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if not 400 <= status < 500 or status in (408, 429) or "Throttl" in describe(error):
                raise
            raise ConfigurationError(
                f"SQS_QUEUE_URL or the AWS credentials are refused ({describe(error)}), accepted: "
                f"a queue in AWS_REGION {config.aws_region} and credentials that may read it"
            ) from None
        self._inspected = True
        redrive, visibility = (answer.get("Attributes", {}).get(name) for name in names)
        receives = int(json.loads(redrive or "{}").get("maxReceiveCount", 0))
        longest = config.visibility_timeout / 2 + config.statement_timeout
        warnings = []
        if not receives:
            warnings.append("no redrive policy: a bad message comes back for days")
        elif receives != config.max_receive_count:
            expected = config.max_receive_count
            warnings.append(f"maxReceiveCount {receives}, not MAX_RECEIVE_COUNT {expected}")
        if visibility and int(visibility) < longest:
            batch = f"the {longest:g} s that a batch may take"
            warnings.append(f"visibility timeout {visibility} s, less than {batch}")
        for warning in warnings:
            log(logging.WARNING, f"the queue has {warning}")

    def receive(self) -> list[Message]:
        """Polls once. Raises SQS_ERRORS."""
        if not self._inspected:  # SQS was away at the start; what it refuses by now may be passing
            with suppress(ConfigurationError):
                self._inspect()
        answer = self._polls.receive_message(
            QueueUrl=self.config.sqs_queue_url,
            MaxNumberOfMessages=self.config.batch_size,
            WaitTimeSeconds=self._wait_time,
            VisibilityTimeout=self.config.visibility_timeout,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        )
        messages = []
        for m in answer.get("Messages", []):
            sent, count = (m["Attributes"][k] for k in ("SentTimestamp", "ApproximateReceiveCount"))
            message = m["MessageId"], m["Body"], m["ReceiptHandle"], int(sent) / 1000, int(count)
            messages.append(Message(*message))
        return messages

    def delete(self, messages: list[Message]) -> dict[Message, str]:
        """Deletes; returns what SQS did not delete, and its reason. Raises SQS_ERRORS."""
        answer = self._sqs.delete_message_batch(
            QueueUrl=self.config.sqs_queue_url,
            # The index as Id: the same message can come twice in a batch.
            Entries=[
                {"Id": str(i), "ReceiptHandle": m.receipt_handle} for i, m in enumerate(messages)
            ],
        )
        return {messages[int(f["Id"])]: f["Code"] for f in answer.get("Failed", [])}

    def hide(self, messages: list[Message], seconds: int) -> bool:
        """Makes messages visible after so many seconds; returns whether all of them. Raises
        SQS_ERRORS."""
        answer = self._sqs.change_message_visibility_batch(
            QueueUrl=self.config.sqs_queue_url,
            Entries=[
                {"Id": str(i), "ReceiptHandle": m.receipt_handle, "VisibilityTimeout": seconds}
                for i, m in enumerate(messages)
            ],
        )
        return not answer.get("Failed")

    def health(self) -> dict[str, object]:
        """Returns /health's answer, from memory: it never waits for anybody."""
        now = monotonic()
        stuck = any(poller.is_stuck(now, STUCK) for poller in self._pollers)
        links = self.sqs_link.up and self.database.up and self.schema.up
        return {
            "status": "healthy" if links and not stuck else "unhealthy",
            "workerId": self.config.worker_id,
            "queueConnected": self.sqs_link.up,
            "dbConnected": self.database.up,
            "uptime": round(now - self._started, 1),
            "lastPollAgeSeconds": round(now - min(poller.polled for poller in self._pollers), 1),
        }

    def run(self) -> int:
        """Runs to the end and returns the exit status. Raises ConfigurationError at the start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        # In a thread, so that a signal ends it: an answer that drips never times out.
        inspection = self.helpers.submit(self._inspect)
        while not wait([inspection], 0.1).done and not self._signals:
            pass
        if not inspection.done():
            os._exit(0)  # nothing was received yet
        try:
            inspection.result()
        except SQS_ERRORS as error:
            self.sqs_link.report(0, False, describe(error))
        else:
            for poller in self._pollers:
                self.sqs_link.report(poller.number, True)
        log(logging.INFO, "started", workerId=self.config.worker_id, pollers=len(self._pollers))
        for poller in self._pollers:
            poller.thread.start()
        status = 0
        end = math.inf
        while any(poller.thread.is_alive() for poller in self._pollers):
            now = monotonic()
            for poller in self._pollers:
                poller.database.cut(now)
                # At twice the time after which /health says so.
                if poller.is_stuck(now, 2 * STUCK) and not status:
                    log(logging.CRITICAL, "a poller is dead or stuck: ending", poller=poller.number)
                    status = 1
            if (status or self._signals) and not self.stop.is_set():
                log(logging.INFO, "stopping: no new poll, the batch in hand is finished")
                self.stop.set()
                end = now + STOP_LIMIT
            if now > end:
                log(logging.CRITICAL, "a poller did not stop in time: ending")
                os._exit(1)
            time.sleep(0.1)
        log(logging.INFO, "stopped")
        return int(any(poller.died for poller in self._pollers)) or status

    def _on_signal(self, number: int, frame: object) -> None:
        # Only counts: a log line or Event.set needs a lock that the main thread may hold just now.
        self._signals += 1
        if self._signals > 1:
            os._exit(1)


def serve(relay: Relay) -> None:
    """Answers /health and /metrics on PORT until the process ends. Raises ConfigurationError."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # a client that says nothing does not keep its thread

        def do_GET(self) -> None:
            status, kind, body = 404, "text/plain", b"/health or /metrics\n"
            path = self.path.partition("?")[0]
            if path == "/health":
                answer = relay.health()
                status, kind = 200 if answer["status"] == "healthy" else 503, "application/json"
                body = json.dumps(answer).encode()
            elif path == "/metrics":
                status, kind, body = 200, CONTENT_TYPE_LATEST, generate_latest()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A probe every few seconds is no news."""

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            """A client that went away is no news either."""

    try:
        server = Server(("", relay.config.port), Handler)
    except OSError as error:
        fault = f"PORT {relay.config.port} cannot be used ({error.strerror}), accepted: a free port"
        raise ConfigurationError(fault) from None
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()


def main() -> int:
    parser = argparse.ArgumentParser(description="Relays SQS notifications into Postgres.")
    parser.add_argument("--drain", action="store_true", help="stop at an empty poll")
    drain = parser.parse_args().drain
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    # Only our own lines below a warning: botocore's debug lines hold tokens.
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    try:
        config = Config.read(os.environ)
        logger.setLevel(config.log_level.upper())
        relay = Relay(config, drain)
        serve(relay)
        return relay.run()
    except ConfigurationError as error:
        print(f"relay.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
