"""Relay: SQS queue -> ingest_notification() in Postgres -> delete what it acknowledged.

All meaning is in the database; here is what it cannot do. Nothing is deleted before its commit;
what is committed and not deleted comes back and is a duplicate. Each poller is a thread with a
connection of its own. What it cannot finish for the world's sake stays in its hand and is tried
again beside the flow: to receive it again would count towards the dead-letter queue. The main
thread looks every second whether the database could store a batch; pollers receive only then.
"""

import argparse
import faulthandler
import json
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, time
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import boto3
import botocore.exceptions as aws
import psycopg
from botocore.config import Config
from prometheus_client import Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from psycopg.errors import ConnectionFailure
from psycopg.rows import DictRow, dict_row
from pydantic import Field

from settings import LogLevel, Settings, SettingsError, log, logger, start_logging

# Local to the transaction, for PgBouncer. What is deleted from the queue must survive a crash; and
# of a wait for the standby that was broken off, a warning alone tells.
SETTINGS = """
select set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
  set_config('client_min_messages', 'warning', true), set_config(
    'synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), true)
"""
INGEST = """
select position, acknowledge, outcome, trace_id as "traceId", asin, marketplace, severity,
  error_type as "errorType", error_message as "errorMessage"
from public.ingest_notification(%b::text[], %b::text[])
"""
# What to do about an empty batch that is refused.
HINTS = {
    "42883": "the database is not migrated: run make migrate",
    "42501": "no right to ingest: grant buybox_relay to the relay's user",
}
# How SQLSTATEs begin that say nothing of a message: the database as a whole stores nothing (away,
# disk, memory, read-only, functions being deployed); somebody's lock or a conflict.
WORLD, CONFLICT = ("08", "25", "42", "53", "58", "XX"), ("40", "55")
LOCK_HINT = "its holder: select * from pg_locks join pg_stat_activity using (pid) where granted"
HAND_MESSAGES, HAND_BYTES = 1000, 64 * 2**20  # kept by all pollers
STRIKES = 3  # tries alone that cost a message its statement's time or its session
STATEMENT_LIMIT, ANSWER_LIMIT = 4, 5  # seconds, for the server and for its answer
LOOK_EVERY = 1  # seconds; so a loss shows within ANSWER_LIMIT + 2
STUCK = 30  # seconds without a turn (over WAIT_TIME), or kept, that make it unhealthy
STOP_LIMIT = 24  # seconds from the signal to the end, come what may
SQS_ERRORS = (aws.BotoCoreError, aws.ClientError)

MESSAGES = Counter("relay_messages", "Messages, by outcome (left: given up)", ["outcome"])
for outcome in ("processed", "stale", "duplicate", "failed", "left"):
    MESSAGES.labels(outcome)  # from 0, or Prometheus would not see the first one as a rise
BATCH_SECONDS = Histogram("relay_batch_seconds", "Seconds from a batch's statement to its commit")
POLL_ERRORS = Counter("relay_poll_errors", "Receives that failed")
DELETE_FAILURES = Counter("relay_delete_failures", "Deletes of stored messages that failed")
NEWEST_AGE = Gauge("relay_newest_message_age_seconds", "From sent to stored, newest of last batch")
UP = Gauge("relay_up", "1 while it can be used", ["end"])
IN_HAND = Gauge("relay_in_hand_messages", "Messages that are kept and tried again")
IN_HAND_AGE = Gauge("relay_in_hand_oldest_seconds", "Seconds since the oldest was received")


class RelaySettings(Settings):
    """The relay's settings; docs/settings.md says what each means, and its unit."""

    sqs_queue_url: str = Field(pattern=r"^https?://[^/@\s]+/\S+$")
    aws_region: str = Field("eu-west-1", pattern="^[A-Za-z0-9-]+$")
    worker_id: str = Field("notification-processor-1", pattern="^[ -~]{1,63}$")
    log_level: LogLevel = "info"
    visibility_timeout: int = Field(120, ge=1, le=43200)
    max_receive_count: int = Field(3, ge=1)
    poll_interval: int = Field(1000, ge=0)
    batch_size: int = Field(10, ge=1, le=10)
    wait_time: int = Field(20, ge=0, le=20)
    concurrency: int = Field(1, ge=1, le=64)
    port: int = Field(3000, ge=1, le=65535)


@dataclass(slots=True, eq=False)
class Message:
    """A message as SQS gave it, and what became of it so far. Times are monotonic()'s."""

    sqs: Mapping[str, Any]
    received_at: float
    hidden_until: float  # a tenth of its visibility timeout early
    stored: bool = False  # and to be deleted
    reason: str = ""  # why it is kept in hand
    retry_at: float = 0
    tries: int = 0  # alone
    strikes: int = 0

    def log(self, level: int, text: str, **fields: object) -> None:
        """Writes a log line that names the message."""
        receives = int(self.sqs["Attributes"]["ApproximateReceiveCount"])
        log(level, text, **fields, messageId=self.sqs["MessageId"], receiveCount=receives)


def retry_pause(tries: int) -> float:
    """Returns the seconds to pause after so many tries: they grow to 15."""
    return min(15, 0.5 * 2.0 ** min(tries, 5)) * random.uniform(0.5, 1)


def describe(error: Exception) -> str:
    """Returns one line. Not the further lines of AWS's message, which may hold a session token, nor
    what an HTTP client says, which may hold the header or URL that it refuses."""
    if not isinstance(error, (aws.ClientError, psycopg.Error)):
        return type(error).__name__
    text, sqlstate = str(error).partition("\n")[0], getattr(error, "sqlstate", None)
    return f"{text} ({sqlstate})" if sqlstate else text


class Connection(psycopg.Connection[DictRow]):
    """A connection whose answers come within ANSWER_LIMIT: a server that hangs ends no wait."""

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Runs one of psycopg's generators, to which it sends a false value where a tenth of a
        second brought nothing. Raises ConnectionFailure past the limit."""

        def limited() -> Generator[Any, Any, Any]:
            ready, end = None, monotonic() + ANSWER_LIMIT
            try:
                while ready or monotonic() < end:
                    ready = yield gen.send(ready)
            except StopIteration as done:
                return done.value
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=1)  # it would wait for its standby without a client
            self.pgconn.finish()
            raise ConnectionFailure(f"no answer within {ANSWER_LIMIT} s")

        return super().wait(limited(), *args, **options)


def connect(settings: RelaySettings) -> Connection:
    """Returns a connection in autocommit that PgBouncer can pool. Raises psycopg.Error."""
    return Connection.connect(
        settings.database_url,
        autocommit=True,
        row_factory=dict_row,
        prepare_threshold=None,  # a prepared statement is lost in PgBouncer
        application_name=settings.worker_id,
        client_encoding="UTF8",  # whatever the database's default
        connect_timeout=ANSWER_LIMIT,
    )


class Poller(threading.Thread):
    """Receives, stores, deletes, again. Ends at the signal or, when draining, at an empty poll."""

    def __init__(self, relay: "Relay") -> None:
        super().__init__(daemon=True)
        self._relay, self._settings, self._sqs = relay, relay.settings, relay.sqs
        self._connection: Connection | None = None
        self._warnings: list[object] = []  # of the last batch
        self._is_blocked = False  # the last try alone says that the database stores nothing
        self.hand: set[Message] = set()
        self.last_turn = self.last_poll = monotonic()

    def run(self) -> None:
        """The thread. A fault of this program ends the process with status 1."""
        try:
            while not self._relay.stop.is_set() and (pause := self._turn()) is not None:
                self.last_turn = monotonic() + pause
                self._relay.stop.wait(pause)
            self._call(self._sqs.change_message_visibility_batch, self.hand, VisibilityTimeout=0)
        except BaseException:
            logger.critical("a poller died: ending", exc_info=True)
            os._exit(1)

    def _turn(self) -> float | None:
        """Stores what a poll brings, then tries again what is in hand, each alone: all that were
        not yet, and of the others as many as succeed, so that the flow waits for one failure at
        most. Returns the seconds to pause, or None where a queue is drained."""
        # Of a poll that was in flight at the signal too. Released, messages would go to the next
        # poll in flight and from there on, a receive each time, into the dead-letter queue.
        if batch := self._receive():
            self.hand.update(batch)
            self._store(batch)
        self._settle()
        while self._relay.is_ready():
            due = [m for m in self.hand if not m.stored and m.retry_at <= monotonic()]
            message = min(due, key=lambda m: (m.tries > 0, m.retry_at), default=None)
            if not message or (not self._store([message]) and message.tries > 1):
                break
            self._settle()
        if self._relay.drain and batch == [] and not self.hand:
            return None
        pause = 0 if batch else self._settings.poll_interval / 1000
        if batch is None:
            pause = max(pause, random.uniform(0.5, 1.5)) if self._relay.faults["queue"] else 0.5
        return min(pause, 0.5) if self.hand else pause

    def _receive(self) -> list[Message] | None:
        """Returns what a poll brings; None where it fails, or nothing could be stored."""
        relay, settings, self.last_turn = self._relay, self._settings, monotonic()
        if not relay.is_ready() or (self.hand and self._is_blocked) or relay.has_full_hands():
            return None
        try:
            answer = self._sqs.receive_message(
                QueueUrl=settings.sqs_queue_url,
                MaxNumberOfMessages=settings.batch_size,
                # Of 1 s where something waits: it still asks all of SQS's servers.
                WaitTimeSeconds=min(settings.wait_time, 1 if self.hand or relay.drain else 20),
                VisibilityTimeout=settings.visibility_timeout,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        except SQS_ERRORS as error:
            POLL_ERRORS.inc()
            relay.faults["queue"] = describe(error)
            return None
        relay.faults["queue"], self.last_poll = "", monotonic()
        until = self.last_poll + 0.9 * settings.visibility_timeout
        return [Message(sqs, self.last_poll, until) for sqs in answer.get("Messages", [])]

    def _store(self, messages: list[Message]) -> bool:
        """Stores messages in one transaction; bad ones leave the hand. Returns whether it could."""
        self.last_turn = monotonic()
        try:
            with BATCH_SECONDS.time():
                rows = self._ingest(messages)
        except (psycopg.Error, ValueError) as error:
            self._on_error(messages, error)
            return False
        self._is_blocked = False
        for row in rows:
            message = messages[row.pop("position") - 1]
            message.stored = row.pop("acknowledge")
            MESSAGES.labels(row["outcome"]).inc()
            level = logging.INFO if message.stored else logging.WARNING
            message.log(level, f"message {row['outcome']}", **row)
            if not message.stored:
                self.hand.discard(message)
        sent = [int(m.sqs["Attributes"]["SentTimestamp"]) for m in messages if m.stored]
        if sent:
            NEWEST_AGE.set(time() - max(sent) / 1000)
        return True

    def _ingest(self, messages: list[Message]) -> list[DictRow]:
        """Returns INGEST's rows once they are committed. Raises psycopg.Error, or ValueError for
        text that Postgres cannot hold."""
        seconds = min(STATEMENT_LIMIT, self._settings.visibility_timeout / 4)
        is_retry = any(message.reason for message in self.hand)
        limits = [f"{seconds}s", "100ms" if is_retry else "1s"]  # a lock's holder may go on
        batch = [[message.sqs[name] for message in messages] for name in ("MessageId", "Body")]
        if not self._connection:
            self._connection = connect(self._settings)
            self._connection.add_notice_handler(lambda w: self._warnings.append(w.message_primary))
        self._warnings.clear()
        with self._connection.pipeline():  # one round trip
            self._connection.execute("begin isolation level read committed")
            self._connection.execute(SETTINGS, limits)
            cursor = self._connection.execute(INGEST, batch)
            self._connection.execute("commit")
        if self._warnings:
            raise ConnectionFailure(f"not known to be committed: {self._warnings[0]}")
        return cursor.fetchall()

    def _on_error(self, messages: list[Message], error: psycopg.Error | ValueError) -> None:
        """Keeps what raised: a batch, to be tried message by message at once; or one, to be tried
        again later, unless it raised too often what may be its own fault."""
        reason, code = describe(error), getattr(error, "sqlstate", None) or ""
        is_world = not self._connection or code.startswith(WORLD)
        try:
            if self._connection:
                self._connection.rollback()
        except psycopg.Error:
            self._connection = None
        if len(messages) > 1:
            for message in messages:
                message.reason = reason
            return
        (message,) = messages
        self._is_blocked = is_world
        message.strikes += not is_world and not code.startswith(CONFLICT)
        (self._keep if message.strikes < STRIKES else self._give_up)(message, reason)

    def _keep(self, message: Message, reason: str) -> None:
        """Keeps a message in hand, to be tried again after a pause."""
        if reason not in {kept.reason for kept in self._relay.kept() if kept.tries}:
            hint = LOCK_HINT if "lock" in reason else None
            message.log(logging.WARNING, "kept in hand, tried again", error=reason, hint=hint)
        message.reason, message.retry_at = reason, monotonic() + retry_pause(message.tries)
        message.tries += 1

    def _give_up(self, message: Message, reason: str) -> None:
        """Leaves a message to its visibility timeout, after which it comes back."""
        self.hand.discard(message)
        MESSAGES.labels("left").inc()
        text = "not deleted" if message.stored else "not stored"
        message.log(logging.ERROR, text, outcome="left", error=reason)

    def _settle(self) -> None:
        """Hides what is in hand for longer, at half its visibility timeout: that costs no receive.
        Gives up what SQS does not hide, as it does not beyond 12 hours. Deletes what is stored."""
        now, seconds = monotonic(), self._settings.visibility_timeout
        soon = [message for message in self.hand if message.hidden_until < now + seconds / 2]
        hide = self._sqs.change_message_visibility_batch
        failed = self._call(hide, soon, VisibilityTimeout=seconds)
        for message in soon:
            if message not in failed:
                message.hidden_until = now + 0.9 * seconds
            elif message.hidden_until < now:
                self._give_up(message, f"{message.reason}; {failed[message]}")
        stored = [message for message in self.hand if message.stored and message.retry_at <= now]
        failed = self._call(self._sqs.delete_message_batch, stored)
        self.hand -= set(stored) - failed.keys()
        for message, fault in failed.items():
            DELETE_FAILURES.inc()
            self._keep(message, f"not deleted: {fault}")

    def _call(
        self, call: Callable[..., Any], messages: Collection[Message], **more: int
    ) -> dict[Message, str]:
        """Makes a batch call for messages that nobody else can have by now, ten at a time. Returns
        those that it was not done for, and why."""
        failed = {m: "visibility timeout over" for m in messages if m.hidden_until < monotonic()}
        rest = [m for m in messages if m not in failed]
        for some in (rest[start : start + 10] for start in range(0, len(rest), 10)):
            # The index as Id: the same message can come twice in a batch.
            entries = [
                {"Id": str(index), "ReceiptHandle": message.sqs["ReceiptHandle"], **more}
                for index, message in enumerate(some)
            ]
            try:
                answer = call(QueueUrl=self._settings.sqs_queue_url, Entries=entries)
                failed |= {some[int(f["Id"])]: f["Code"] for f in answer.get("Failed", [])}
            except SQS_ERRORS as error:
                failed |= dict.fromkeys(some, describe(error))
        return failed


class Relay:
    """The pollers, what they share, and the main thread's look at the database."""

    def __init__(self, settings: RelaySettings, drain: bool) -> None:
        """Raises SettingsError where boto3 refuses its configuration."""
        self.settings, self.drain, self.stop = settings, drain, threading.Event()
        self._watch: Connection | None = None
        # What is wrong with each, by the last contact; "" is nothing.
        self.faults = dict.fromkeys(("queue", "database", "schema"), "not reached yet")
        self._told: dict[str, object] = {"schema": "not reached yet"}
        self._started = monotonic()
        client = Config(
            connect_timeout=5,
            read_timeout=settings.wait_time + 3,  # an aborted long poll may have taken messages
            max_pool_connections=settings.concurrency,
            retries={"total_max_attempts": 1},  # the loop does, and knows of shutdown
        )
        try:
            self.sqs = boto3.client("sqs", region_name=settings.aws_region, config=client)
        except (*SQS_ERRORS, ValueError) as error:
            names = "AWS_REGION, AWS_ENDPOINT_URL_SQS or AWS_PROFILE"
            raise SettingsError(f"{names} is not valid: {describe(error)}") from None
        self._pollers = [Poller(self) for _ in range(settings.concurrency)]
        IN_HAND.set_function(lambda: len(self.kept()))
        IN_HAND_AGE.set_function(lambda: self._oldest()[0])

    def _ask_queue(self) -> None:
        """Warns where the queue has no redrive policy. Raises SettingsError where SQS refuses it or
        the credentials for good."""
        url = self.settings.sqs_queue_url
        try:
            answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        except SQS_ERRORS as error:
            response = getattr(error, "response", {}).get("ResponseMetadata", {})
            refused = response.get("HTTPStatusCode", 500) < 500 and "Throttl" not in str(error)
            if refused or isinstance(error, (aws.NoCredentialsError, aws.PartialCredentialsError)):
                names = "SQS_QUEUE_URL, AWS_REGION or the credentials (AWS_ACCESS_KEY_ID, …)"
                raise SettingsError(f"{names} are refused: {describe(error)}") from None
            self.faults["queue"] = describe(error)
            return
        self.faults["queue"] = ""
        if "RedrivePolicy" not in answer.get("Attributes", {}):
            log(logging.WARNING, "the queue has no redrive policy: a bad message comes for days")

    def is_ready(self) -> bool:
        """Returns whether a batch could be stored, as far as the last look saw."""
        return not self.faults["database"] and not self.faults["schema"]

    def kept(self) -> list[Message]:
        """Returns what could not be stored, or not deleted, and is in the pollers' hands."""
        return [m for poller in self._pollers for m in tuple(poller.hand) if m.reason]

    def has_full_hands(self) -> bool:
        """Returns whether the next batches of all pollers might not find room."""
        kept = self.kept()
        room = HAND_MESSAGES - self.settings.batch_size * self.settings.concurrency
        return len(kept) > room or sum(len(message.sqs["Body"]) for message in kept) > HAND_BYTES

    def _oldest(self) -> tuple[float, str]:
        """Returns for how many seconds the oldest is kept, and why; 0 where none is."""
        oldest = min(self.kept(), key=lambda message: message.received_at, default=None)
        return (monotonic() - oldest.received_at, oldest.reason) if oldest else (0, "")

    def _overdue(self) -> float:
        """Returns for how many seconds, over WAIT_TIME, a poller has not turned."""
        turns = [poller.last_turn for poller in self._pollers if poller.is_alive()]
        return monotonic() - min(turns, default=monotonic()) - self.settings.wait_time

    def _ask_database(self) -> None:
        """Asks the database whether it could store a batch, by an empty one."""
        try:
            if not self._watch or self._watch.closed:
                self._watch = connect(self.settings)
            self._watch.execute(INGEST, [[], []])
            self.faults |= {"database": "", "schema": ""}
        except psycopg.Error as error:
            code = error.sqlstate or ""
            end = "schema" if code.startswith(("25", "42")) else "database"
            self.faults |= {"database": "", end: HINTS.get(code) or describe(error)}

    def _log_changes(self) -> None:
        """Logs what changed of the faults."""
        for end, fault in self.faults.items():
            news = fault if end == "schema" else bool(fault)  # each contact tells a loss otherwise
            if news != self._told.get(end):
                self._told[end] = news
                UP.labels(end).set(not fault)
                text = f"{end} is not ready: trying until it is" if fault else f"{end} is ready"
                log(logging.WARNING if fault else logging.INFO, text, error=fault or None)

    def health(self) -> dict[str, object]:
        """Returns /health's answer, from memory: it never waits for anybody."""
        now, (age, why) = monotonic(), self._oldest()
        reasons = [f"{end}: {fault}" for end, fault in self.faults.items() if fault]
        if self._overdue() > STUCK:
            reasons.append("a poller is stuck")
        if self.has_full_hands():
            reasons.append(f"no room for more messages in hand: {why}")
        elif age > STUCK:
            reasons.append(f"messages in hand, the oldest for {age:.0f} s: {why}")
        return {
            "status": "unhealthy" if reasons else "healthy",
            "reason": "; ".join(reasons) or None,
            "workerId": self.settings.worker_id,
            "queueConnected": not self.faults["queue"],
            "dbConnected": not self.faults["database"],
            "uptime": round(now - self._started, 1),
            "lastPollAgeSeconds": round(now - min(p.last_poll for p in self._pollers), 1),
        }

    def on_signal(self, *_: object) -> None:
        """Has the pollers end; a second signal, or STOP_LIMIT, ends the process."""
        if self.stop.is_set():
            os._exit(1)
        log(logging.INFO, "stopping: no new poll, the batch in hand is finished")
        faulthandler.dump_traceback_later(STOP_LIMIT, exit=True)
        self.stop.set()

    def run(self) -> None:
        """Runs to the end. Raises SettingsError where SQS refuses the queue."""
        self._ask_queue()
        self._ask_database()
        log(logging.INFO, "started", workerId=self.settings.worker_id, pollers=len(self._pollers))
        for poller in self._pollers:
            poller.start()
        while alive := [poller for poller in self._pollers if poller.is_alive()]:
            self._log_changes()
            if self._overdue() > 2 * STUCK:
                log(logging.CRITICAL, "a poller is stuck: ending")
                os._exit(1)
            alive[0].join(LOOK_EVERY)
            self._ask_database()
        log(logging.INFO, "stopped")


def serve(relay: Relay) -> None:
    """Answers /health and /metrics on PORT until the process ends. Raises SettingsError."""
    metrics = make_wsgi_app()

    def answer(request: dict[str, str], start: Callable[..., Any]) -> Any:
        if request["PATH_INFO"] == "/metrics":
            return metrics(request, start)
        health = relay.health() if request["PATH_INFO"] == "/health" else {}
        status = "404 Not Found" if not health else "503 Service Unavailable"
        status = "200 OK" if health.get("status") == "healthy" else status
        start(status, [("Content-Type", "application/json")])
        return [] if request["REQUEST_METHOD"] == "HEAD" else [json.dumps(health).encode()]

    class Handler(WSGIRequestHandler):
        timeout = 10  # a client that says nothing does not keep its thread

        def log_message(self, *args: object) -> None:
            """A request is no news."""

    port = relay.settings.port
    try:
        server = make_server("", port, answer, ThreadingWSGIServer, Handler)
    except OSError as error:
        raise SettingsError(f"PORT {port} cannot be used: {error.strerror}") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> int:
    """Runs the relay; returns the exit status."""
    parser = argparse.ArgumentParser(description="Relays SQS notifications into Postgres.")
    parser.add_argument("--drain", action="store_true", help="stop at an empty poll")
    drain = parser.parse_args().drain
    try:
        settings = RelaySettings.read()
        start_logging(settings.log_level)
        relay = Relay(settings, drain)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, relay.on_signal)
        serve(relay)
        relay.run()
    except SettingsError as error:
        print(f"relay.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
