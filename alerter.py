"""Alerter: takes what is due from Postgres and sends it to the channels' URLs.

All meaning is in the database: claim_alerts() gives deliveries out, finish_alert() is told what
came of each. No transaction is open while something is sent. What is not finished within its lease
is given out again under the same id. A URL is a secret, and so is what is sent: of what goes wrong
only the kind is told, and libraries log nothing.
"""

import argparse
import asyncio
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import uuid4

import httpx
import psycopg
from psycopg.rows import DictRow, dict_row
from standardwebhooks import Webhook

from settings import LogLevel, Settings, SettingsError, log, logger, start_logging

CLAIM = "select *, payload::text as payload from public.claim_alerts(%s)"
FINISH = "select public.finish_alert(%s, %s, %s, %s, %s)"
LOCAL = ("localhost", "127.0.0.1", "::1")  # where nobody else can read http
LOOK_EVERY = 10  # seconds; the end of a hold is not announced
LIMIT = 10  # seconds for a request, and for the database

Result = tuple[str, str | None, timedelta | None]  # finish_alert's outcome, error, retry_after
Sender = Callable[[DictRow], Awaitable[Result]]


class AlerterSettings(Settings):
    """The alerter's settings, beside ALERT_URL_<CHANNEL> and ALERT_SECRET_<CHANNEL>."""

    log_level: LogLevel = "info"


def webhook(url: str, secret: str) -> Sender:
    """Returns what posts a delivery's payload by Standard Webhooks. Raises for a bad secret."""
    signer = Webhook(secret) if secret else None

    async def post(delivery: DictRow) -> Result:
        at, number, body = datetime.now(UTC), str(delivery["delivery_id"]), delivery["payload"]
        headers = {"content-type": "application/json", "webhook-id": number}
        headers["webhook-timestamp"] = str(int(at.timestamp()))
        if signer:
            headers["webhook-signature"] = signer.sign(number, at, body)
        client = httpx.AsyncClient(timeout=LIMIT)
        async with client, client.stream("POST", url, content=body, headers=headers) as answer:
            if answer.is_success:
                return "sent", None, None
            outcome = "gone" if answer.status_code == httpx.codes.GONE else "failed"
            error, pause = f"HTTP {answer.status_code}", answer.headers.get("retry-after", "")
            return outcome, error, retry_after(pause)

    return post


def retry_after(header: str) -> timedelta | None:
    """How long a Retry-After asks to wait, by seconds or a date; None where it says nothing."""
    if re.fullmatch("[0-9]{1,6}", header):
        return timedelta(seconds=int(header))
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(header) - datetime.now(UTC)
    return None


def by_apprise(name: str, url: str) -> Sender:
    """Returns what sends a delivery's title and body by Apprise. Raises SettingsError."""
    try:
        from apprise import Apprise
    except ImportError:
        fault = f'ALERT_URL_{name} needs the extra "alerts": pip install ".[alerts]"'
        raise SettingsError(fault) from None
    apprise = Apprise()
    if not apprise.add(url):
        raise SettingsError(f"ALERT_URL_{name} is neither https nor a URL that Apprise knows")

    async def notify(delivery: DictRow) -> Result:
        text = {"title": delivery["title"], "body": delivery["body"], "body_format": "text"}
        told = await asyncio.to_thread(apprise.notify, **text, timeout=LIMIT)
        return ("sent", None, None) if told else ("failed", "Apprise did not deliver it", None)

    return notify


def read_channels(env: Mapping[str, str]) -> dict[str, Sender]:
    """Returns what sends to each channel. One that is wrong is logged and left out."""
    channels = {}
    names = [n.removeprefix("ALERT_URL_") for n in env if n.startswith("ALERT_URL_") and env[n]]
    for name in names:
        url, secret = (env.get(f"ALERT_{x}_{name}", "").strip() for x in ("URL", "SECRET"))
        try:
            place = httpx.URL(url)
            if place.scheme == "https" or (place.scheme == "http" and place.host in LOCAL):
                channels[name.lower()] = webhook(url, secret)
            else:
                channels[name.lower()] = by_apprise(name, url)
        except SettingsError as error:
            log(logging.ERROR, str(error))
        except Exception:  # whose text may hold either
            fault = f"ALERT_URL_{name} is no URL, or ALERT_SECRET_{name} not whsec_ and base64"
            log(logging.ERROR, fault)
    return channels


async def send(sender: Sender, delivery: DictRow) -> Result:
    """Sends once and says how that went, within the limit. Raises nothing."""
    try:
        async with asyncio.timeout(LIMIT):
            return await sender(delivery)
    except TimeoutError:
        return "failed", f"no answer within {LIMIT} s", None
    except Exception as error:  # whose text may hold the URL
        return "failed", type(error).__name__, None


class Alerter:
    """Claims, sends, finishes, again, until a signal."""

    def __init__(self, database_url: str, channels: dict[str, Sender]) -> None:
        self._database_url, self._channels = database_url, channels
        self._stop = asyncio.Event()
        self._unfinished: list[tuple[DictRow, Result]] = []
        self._said = ""

    async def run(self) -> None:
        """Runs until a signal; whatever ails the database, it tries again."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        log(logging.INFO, "started", channels=sorted(self._channels))
        while not self._stop.is_set():
            try:
                await self._serve()
            except (psycopg.Error, TimeoutError) as error:
                reason = str(error).strip().partition("\n")[0] or "no answer"
                self._say(f"the database is not ready: trying until it is ({reason})")
                await asyncio.wait({asyncio.ensure_future(self._stop.wait())}, timeout=3)
        log(logging.INFO, "stopped")

    async def _serve(self) -> None:
        """One connection's life. What was sent is finished first, at the end too."""
        connecting = psycopg.AsyncConnection.connect(
            self._database_url, autocommit=True, prepare_threshold=None, row_factory=dict_row
        )
        async with await asyncio.wait_for(connecting, LIMIT) as connection:
            connection.add_notice_handler(lambda notice: self._say(notice.message_primary or ""))
            await connection.execute("set application_name = alerter; listen alerts")
            while True:
                async with asyncio.timeout(LIMIT):
                    await self._finish(connection)
                    if self._stop.is_set():
                        return
                    cursor = await connection.execute(CLAIM, (list(self._channels),))
                    due = await cursor.fetchall()
                sending = [send(self._channels[delivery["channel"]], delivery) for delivery in due]
                self._unfinished += zip(due, await asyncio.gather(*sending), strict=True)
                for _ in range(0 if due else LOOK_EVERY):
                    heard = [n async for n in connection.notifies(timeout=1, stop_after=1)]
                    if heard or self._stop.is_set():
                        break

    async def _finish(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        while self._unfinished:
            delivery, result = self._unfinished[0]
            number, attempt, channel = (delivery[k] for k in ("delivery_id", "attempt", "channel"))
            await connection.execute(FINISH, (number, attempt, *result))
            self._unfinished.pop(0)
            level, error = logging.WARNING if result[1] else logging.INFO, result[1]
            log(level, result[0], deliveryId=number, attempt=attempt, channel=channel, error=error)

    def _say(self, message: str) -> None:
        """Logs a warning, once a change."""
        if message != self._said:
            log(logging.WARNING, message)
        self._said = message


async def send_test(name: str, channels: dict[str, Sender]) -> int:
    """Sends a test to the channel, says how it went, and returns the exit status."""
    if name not in channels:
        raise SettingsError(f"ALERT_URL_{name.upper()} is missing or not usable")
    at, text = f"{datetime.now(UTC):%FT%TZ}", {"title": "Test", "body": "Alerts look like this."}
    payload = json.dumps({"type": "alert", "timestamp": at, "data": {**text, "alerts": []}})
    delivery = {"delivery_id": f"test-{uuid4()}", **text, "payload": payload}
    outcome, error, _ = await send(channels[name], delivery)
    print(f"{name}: {outcome}" + (f" ({error})" if error else ""))
    return int(outcome != "sent")


def main() -> int:
    """Runs the alerter, or its test; returns the exit status."""
    parser = argparse.ArgumentParser(description="Sends the alerts that are due.")
    parser.add_argument("--test", metavar="CHANNEL", help="send one test message and end")
    test = parser.parse_args().test
    try:
        settings = None if test else AlerterSettings.read()
        start_logging(settings.log_level if settings else "info")
        for handler in logging.getLogger().handlers:
            handler.addFilter(lambda record: record.name == logger.name)
        channels = read_channels(os.environ)
        if settings is None:
            return asyncio.run(send_test(test.lower(), channels))
        asyncio.run(Alerter(settings.database_url, channels).run())
    except SettingsError as error:
        print(f"alerter.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
