"""Relay: SQS queue -> ingest_notification() in Postgres -> delete what it acknowledged.

All meaning is in the database; here is what it cannot do. Nothing is deleted before its commit;
what is committed and not deleted comes back and is a duplicate.

Each poller is a thread with a connection of its own: it receives, stores, deletes, again. What it
cannot finish for the world's sake stays in its hand and is tried again beside the flow: to receive
it again would count towards the dead-letter queue. The main thread looks every few seconds whether
the database could store a batch, and pollers receive only while it could.
"""

import argparse
import json
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from math import inf
from time import monotonic, sleep, time
from typing import Any

import boto3
import botocore.config
import botocore.exceptions as aws
import psycopg
from prometheus_client import Counter, Gauge, Histogram, MetricsHandler
from psycopg.errors import Diagnostic
from psycopg.rows import DictRow, dict_row
from pydantic import Field

from settings import LogLevel, Settings, SettingsError, log, logger, start_logging

# What keeps it from storing a batch: "" is nothing.
READY = """
select case
    when f.ingest is null then 'the database is not migrated: run make migrate'
    when not has_function_privilege(f.ingest, 'execute')
      then 'no right to ingest: grant buybox_relay to the relay''s user'
    when current_setting('transaction_read_only') = 'on' then 'the database is read-only'
    else '' end as fault
from to_regprocedure('public.ingest_notification(text[],text[])') as f (ingest)
"""
# All of it local to the batch's transaction: a session's settings get lost in PgBouncer's
# transaction mode. What is deleted from the queue must survive a crash of the server, or more where
# it is set to; a wait for the standby that was cancelled is told by a warning alone.
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
# How SQLSTATEs begin that say nothing of a message: the database as a whole stores nothing (disk,
# memory, read-only, functions being deployed); somebody's lock or a conflict.
WORLD, CONFLICT = ("25", "42", "53", "58", "XX"), ("40", "55")
LOCK_HINT = "its holder: select * from pg_locks join pg_stat_activity using (pid) where granted"
HAND_MESSAGES, HAND_BYTES = 1000, 64 * 2**20  # in the hands of all pollers
STRIKES = 3  # tries alone that cost a message its statement's time or its session
STATEMENT_LIMIT, ANSWER_LIMIT = 5, 6  # seconds, for the server and for its answer
LOOK_EVERY = 3  # seconds; a loss shows within these and ANSWER_LIMIT
STUCK = 30  # seconds without a turn (over WAIT_TIME) or in hand that make it unhealthy
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
STOP_LIMIT = 24  # seconds from the signal to the end, come what may
SQS_ERRORS = (aws.BotoCoreError, aws.ClientError)
UNKNOWN = "not reached yet"

MESSAGES = Counter("relay_messages", "Messages, by outcome (left: given up)", ["outcome"])
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
    reason: str = ""  # why it is in hand
    retry_at: float = 0
    tries: int = 0  # alone
    strikes: int = 0

    def log(self, level: int, text: str, **fields: object) -> None:
        """Writes a log line that names the message."""
        receives = int(self.sqs["Attributes"]["ApproximateReceiveCount"])
        log(level, text, **fields, messageId=self.sqs["MessageId"], receiveCount=receives)


def describe(error: Exception) -> str:
    """Returns one line. Not the further lines of AWS's message, which may hold a session token, nor
    what an HTTP client says, which may hold the header or URL that it refuses."""
    if isinstance(error, aws.ClientError):
        answer = error.response["Error"]
        return f"{answer.get('Code')}: {answer.get('Message') or ''}".splitlines()[0]
    if isinstance(error, psycopg.Error):
        text = error.diag.message_primary
        return f"{text} ({error.sqlstate})" if text else str(error).splitlines()[0]
    return type(error).__name__


class Connection(psycopg.Connection[DictRow]):
    """A connection whose answers come within ANSWER_LIMIT: a server that hangs ends no wait."""

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Runs one of psycopg's generators, to which it sends a false value where a tenth of a
        second brought nothing. Raises OperationalError past the limit."""

        def limited() -> Generator[Any, Any, Any]:
            end, ready = monotonic() + ANSWER_LIMIT, None
            try:
                while True:
                    ready = yield gen.send(ready)
                    if not ready and monotonic() > end:
                        self.pgconn.finish()
                        raise psycopg.OperationalError(f"no answer within {ANSWER_LIMIT} s")
            except StopIteration as done:
                return done.value

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
        self._warnings: list[Diagnostic] = []  # of the last call
        self._blocked = False  # the last try says that the database stores nothing at all
        self.hand: set[Message] = set()
        self.turned = self.polled = monotonic()

    def run(self) -> None:
        """The thread. A fault of this program ends the process with status 1."""
        try:
            while (pause := self._turn()) is not None:
                # With messages in hand not long, and at the signal not at all.
                pause = min(pause, 0.5) if self.hand else pause
                self.turned = monotonic() + pause
                self._relay.stop.wait(pause)
            self._call(self._sqs.change_message_visibility_batch, self.hand, VisibilityTimeout=0)
        except BaseException:
            logger.critical("a poller died: ending", exc_info=True)
            os._exit(1)

    def _turn(self) -> float | None:
        """Tries again what is in hand, then polls. Returns seconds to pause, or None at the end."""
        relay, settings, began = self._relay, self._settings, monotonic()
        self._retry()
        if relay.stop.is_set():
            return None
        if not relay.is_ready() or self._blocked or relay.hands_are_full():
            return 0.5
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
            relay.report("queue", describe(error), began)
            return max(settings.poll_interval / 1000, random.uniform(0.5, 1.5))
        self.polled = now = monotonic()
        relay.report("queue", "", began)
        until = now + 0.9 * settings.visibility_timeout
        if messages := [Message(message, now, until) for message in answer.get("Messages", [])]:
            # Of a poll that was in flight at the signal too. Released, they would go to the next
            # poll in flight and from there on, a receive each time, into the dead-letter queue.
            self._work(messages)
            return 0
        return None if relay.drain and not self.hand else settings.poll_interval / 1000

    def _work(self, messages: list[Message]) -> bool:
        """Stores messages in one transaction, then deletes what is acknowledged. Returns whether
        that is done; what is to be tried again is in hand then."""
        self.turned = monotonic()
        try:
            with BATCH_SECONDS.time():
                rows = [] if messages[0].stored else self._ingest(messages)
        except (psycopg.Error, ValueError) as error:
            self._take(messages, error)
            return False
        for row in rows:
            message = messages[row.pop("position") - 1]
            message.stored = row.pop("acknowledge")
            MESSAGES.labels(row["outcome"]).inc()
            level = logging.INFO if message.stored else logging.WARNING
            message.log(level, f"message {row['outcome']}", **row)
        stored = [message for message in messages if message.stored]
        if rows and stored:
            sent = max(int(message.sqs["Attributes"]["SentTimestamp"]) for message in stored)
            NEWEST_AGE.set(time() - sent / 1000)
        failed = self._call(self._sqs.delete_message_batch, stored)
        self.hand -= set(messages) - failed.keys()
        for message, fault in failed.items():
            DELETE_FAILURES.inc()
            self._keep(message, f"not deleted: {fault}")
        return not failed

    def _ingest(self, messages: list[Message]) -> list[DictRow]:
        """Returns INGEST's rows once they are committed. Raises psycopg.Error, or ValueError for
        text that Postgres cannot hold."""
        seconds = min(STATEMENT_LIMIT, self._settings.visibility_timeout / 4)
        limits = [f"{seconds}s", "100ms" if self.hand else "1s"]  # a lock's holder may go on
        batch = [[message.sqs[name] for message in messages] for name in ("MessageId", "Body")]
        if not self._connection:
            self._connection = connect(self._settings)
            self._connection.add_notice_handler(self._warnings.append)
        self._warnings.clear()
        with self._connection.pipeline():  # one round trip
            self._connection.execute("begin isolation level read committed")
            self._connection.execute(SETTINGS, limits)
            cursor = self._connection.execute(INGEST, batch)
            self._connection.execute("commit")
        self._blocked = False
        if self._warnings:
            warning = self._warnings[0].message_primary
            raise psycopg.OperationalError(f"not known to be committed: {warning}")
        return cursor.fetchall()

    def _take(self, messages: list[Message], error: psycopg.Error | ValueError) -> None:
        """Takes what raised into the hand: a batch, to be tried message by message at once; or one,
        to be tried again later, unless it raised too often what may be its own fault."""
        reason, code = describe(error), getattr(error, "sqlstate", None) or ""
        if connection := self._connection:
            with suppress(psycopg.Error):
                connection.rollback()
        if not connection or connection.closed:
            self._relay.report("database", reason, monotonic())
            self._connection = None
        if len(messages) > 1:
            for message in messages:
                message.reason = reason
            self.hand |= set(messages)
            return
        (message,) = messages
        self._blocked = not connection or code.startswith(WORLD)
        message.strikes += bool(connection) and not code.startswith((*WORLD, *CONFLICT))
        if message.strikes < STRIKES:
            self._keep(message, reason)
        else:
            self._give_up(message, reason)

    def _keep(self, message: Message, reason: str) -> None:
        """Takes a message into the hand, to be tried again after a pause that grows to 15 s."""
        if reason not in {m.reason for m in (message, *self._relay.hands()) if m.tries}:
            hint = LOCK_HINT if "lock" in reason else None
            message.log(logging.WARNING, "kept in hand, tried again", error=reason, hint=hint)
        message.reason = reason
        message.retry_at = monotonic() + min(15, 0.5 * 2**message.tries) * random.uniform(0.5, 1)
        message.tries += 1
        self.hand.add(message)

    def _give_up(self, message: Message, reason: str) -> None:
        """Leaves a message to its visibility timeout, after which it comes back."""
        self.hand.discard(message)
        MESSAGES.labels("left").inc()
        text = "not deleted" if message.stored else "not stored"
        message.log(logging.ERROR, text, outcome="left", error=reason)

    def _retry(self) -> None:
        """Tries again what is in hand, each alone: all that were not yet, and of those whose pause
        is over as many as succeed, so that the flow waits for one failure at most."""
        self._extend()
        due = [message for message in self.hand if message.retry_at <= monotonic()]
        for message in sorted(due, key=lambda message: (message.tries > 0, message.retry_at)):
            if not self._relay.is_ready():
                return
            if message in self.hand and not self._work([message]) and message.tries > 1:
                return
            self._extend()

    def _extend(self) -> None:
        """Hides what is in hand for longer, at half its visibility timeout: that costs no receive.
        Gives up what SQS does not hide, as it does not beyond 12 hours."""
        now, seconds = monotonic(), self._settings.visibility_timeout
        soon = [message for message in self.hand if message.hidden_until < now + seconds / 2]
        call = self._sqs.change_message_visibility_batch
        failed = self._call(call, soon, VisibilityTimeout=seconds)
        for message in soon:
            if message not in failed:
                message.hidden_until = now + 0.9 * seconds
            elif message.hidden_until < now:
                self._give_up(message, f"{message.reason}; {failed[message]}")

    def _call(
        self, call: Callable[..., Any], messages: Iterable[Message], **more: int
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
        self._faults = dict.fromkeys(("queue", "database", "schema"), UNKNOWN)
        self._lost_at, self._lock = dict.fromkeys(self._faults, -inf), threading.Lock()
        self._watch: Connection | None = None
        self._started = monotonic()
        client = botocore.config.Config(
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
        IN_HAND.set_function(lambda: len(self.hands()))
        IN_HAND_AGE.set_function(lambda: self._oldest()[0])

    def is_ready(self) -> bool:
        """Returns whether a batch could be stored, as far as anybody saw."""
        return not self._faults["database"] and not self._faults["schema"]

    def report(self, end: str, fault: str, began: float) -> None:
        """Takes what a contact that began then saw of an end: what is wrong with it, or "". Logs
        changes. What began before a loss is no sign of a return."""
        with self._lock:
            known = self._faults[end]
            if known == fault or (not fault and began < self._lost_at[end]):
                return
            self._faults[end] = fault
            self._lost_at[end] = monotonic() if fault else -inf
        UP.labels(end).set(not fault)
        if not fault:
            log(logging.INFO, f"{end} is ready")
        elif known in ("", UNKNOWN) or end == "schema":  # each contact tells a loss otherwise
            log(logging.WARNING, f"{end} is not ready: trying until it is", error=fault)

    def hands(self) -> list[Message]:
        """Returns what is in the pollers' hands."""
        return [message for poller in self._pollers for message in tuple(poller.hand)]

    def hands_are_full(self) -> bool:
        """Returns whether the next batches of all pollers might not find room."""
        hands = self.hands()
        room = HAND_MESSAGES - self.settings.batch_size * self.settings.concurrency
        return len(hands) > room or sum(len(message.sqs["Body"]) for message in hands) > HAND_BYTES

    def _oldest(self) -> tuple[float, str]:
        """Returns for how many seconds the oldest has been in hand, and why; 0 where none is."""
        oldest = min(self.hands(), key=lambda message: message.received_at, default=None)
        return (monotonic() - oldest.received_at, oldest.reason) if oldest else (0, "")

    def _still_for(self) -> float:
        """Returns the seconds, over WAIT_TIME, that a poller has not turned for."""
        turned = min((p.turned for p in self._pollers if p.is_alive()), default=inf)
        return monotonic() - turned - self.settings.wait_time

    def _ask_queue(self) -> None:
        """Warns where the queue has no redrive policy. Raises SettingsError where SQS refuses the
        queue or the credentials for good."""
        url, began = self.settings.sqs_queue_url, monotonic()
        try:
            answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        except SQS_ERRORS as error:
            answer = getattr(error, "response", {}).get("ResponseMetadata", {})
            refused = answer.get("HTTPStatusCode", 500) < 500 and "Throttl" not in str(error)
            if refused or isinstance(error, (aws.NoCredentialsError, aws.PartialCredentialsError)):
                names = "SQS_QUEUE_URL, AWS_REGION or the credentials (AWS_ACCESS_KEY_ID, …)"
                raise SettingsError(f"{names} are refused: {describe(error)}") from None
            return self.report("queue", describe(error), began)
        self.report("queue", "", began)
        if "RedrivePolicy" not in answer.get("Attributes", {}):
            log(logging.WARNING, "the queue has no redrive policy: a bad message comes for days")

    def _look(self) -> None:
        """Asks the database whether it could store a batch."""
        began = monotonic()
        try:
            if not self._watch or self._watch.closed:
                self._watch = connect(self.settings)
            (row,) = self._watch.execute(READY).fetchall()
        except psycopg.Error as error:
            if self._watch:
                self._watch.close()
            return self.report("database", describe(error), began)
        self.report("database", "", began)
        self.report("schema", row["fault"], began)

    def health(self) -> dict[str, object]:
        """Returns /health's answer, from memory: it never waits for anybody."""
        now, (age, why), is_full = monotonic(), self._oldest(), self.hands_are_full()
        faults = [f"{end}: {fault}" for end, fault in self._faults.items() if fault]
        faults += ["a poller is stuck"] if self._still_for() > STUCK else []
        if is_full or age > STUCK:
            what = "no room for more messages" if is_full else "messages"
            faults.append(f"{what} in hand, the oldest for {age:.0f} s: {why}")
        return {
            "status": "unhealthy" if faults else "healthy",
            "reason": "; ".join(faults) or None,
            "workerId": self.settings.worker_id,
            "queueConnected": not self._faults["queue"],
            "dbConnected": not self._faults["database"],
            "uptime": round(now - self._started, 1),
            "lastPollAgeSeconds": round(now - min(poller.polled for poller in self._pollers), 1),
        }

    def run(self) -> None:
        """Runs to the end, with STOP_SIGNALS blocked. Raises SettingsError at the start."""
        self._ask_queue()
        self._look()
        end, look_at = inf, monotonic() + 1
        log(logging.INFO, "started", workerId=self.settings.worker_id, pollers=len(self._pollers))
        for poller in self._pollers:
            poller.start()
        while any(poller.is_alive() for poller in self._pollers):
            if monotonic() > look_at and not self.stop.is_set():
                self._look()
                look_at = monotonic() + (1 if self._faults["database"] else LOOK_EVERY)
            if signal.sigpending() & STOP_SIGNALS:
                signal.sigwait(STOP_SIGNALS)
                if self.stop.is_set():
                    os._exit(1)
                log(logging.INFO, "stopping: no new poll, the batch in hand is finished")
                self.stop.set()
                end = monotonic() + STOP_LIMIT
            if monotonic() > end or self._still_for() > 2 * STUCK:
                log(logging.CRITICAL, "a poller is stuck: ending")
                os._exit(1)
            sleep(0.1)
        log(logging.INFO, "stopped")


def serve(relay: Relay) -> None:
    """Answers /health and /metrics on PORT until the process ends. Raises SettingsError."""

    class Handler(MetricsHandler):
        timeout = 10  # a client that says nothing does not keep its thread

        def do_GET(self) -> None:
            if self.path.startswith("/metrics"):
                return super().do_GET()
            status, answer = 404, dict[str, object](error="/health or /metrics")
            if self.path.partition("?")[0] == "/health":
                answer = relay.health()
                status = 503 if answer["reason"] else 200
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(json.dumps(answer).encode())

        do_HEAD = do_GET

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client that went away is no news."""

    port = relay.settings.port
    try:
        server = Server(("", port), Handler)
    except OSError as error:
        raise SettingsError(f"PORT {port} cannot be used: {error.strerror}") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> int:
    """Runs the relay; returns the exit status."""
    parser = argparse.ArgumentParser(description="Relays SQS notifications into Postgres.")
    parser.add_argument("--drain", action="store_true", help="stop at an empty poll")
    drain = parser.parse_args().drain
    # In every thread that is made from here on: the main thread takes them when it may.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        settings = RelaySettings.read()
        start_logging(settings.log_level)
        relay = Relay(settings, drain)
        serve(relay)
        relay.run()
    except SettingsError as error:
        print(f"relay.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
