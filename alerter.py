"""Alerter: takes what is due from Postgres and sends it to the channels' URLs.

All meaning is in the database: claim_alerts() gives deliveries out, finish_alert() is told what
came of each. No transaction is open while something is sent. What is not finished within its lease
is given out again under the same id. A channel is given nothing more while it is still busy, and
holds up no other.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
from psycopg.rows import DictRow, dict_row

from channels import LIMIT, Result, Sender, read_channels, send
from settings import LogLevel, Settings, SettingsError, log, logger, start_logging

CLAIM = "select *, payload::text as payload from public.claim_alerts(%s)"
FINISH = "select public.finish_alert(%s, %s, %s, %s, %s)"
LOOK_EVERY = 10  # seconds; the end of a hold is not announced


class AlerterSettings(Settings):
    """The alerter's settings, beside ALERT_URL_<CHANNEL> and ALERT_SECRET_<CHANNEL>."""

    log_level: LogLevel = "info"


class Alerter:
    """Claims, sends, finishes, again, until a signal."""

    def __init__(self, database_url: str, channels: dict[str, Sender]) -> None:
        self._database_url, self._channels = database_url, channels
        self._stop = asyncio.Event()
        self._under_way: dict[asyncio.Task[Result], DictRow] = {}
        self._reason = self._unknown = ""  # said last

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
                if reason != self._reason:
                    log(
                        logging.WARNING, f"the database is not ready: trying until it is ({reason})"
                    )
                self._reason = reason
                await asyncio.wait({asyncio.ensure_future(self._stop.wait())}, timeout=3)
        log(logging.INFO, "stopped")

    async def _serve(self) -> None:
        """One connection's life. What was sent is finished first, at the end too."""
        connecting = psycopg.AsyncConnection.connect(
            self._database_url, autocommit=True, prepare_threshold=None, row_factory=dict_row
        )
        async with await asyncio.wait_for(connecting, LIMIT) as connection:
            connection.add_notice_handler(self._hear)
            await connection.execute("set application_name = alerter; listen alerts")
            while not self._stop.is_set():
                async with asyncio.timeout(LIMIT):
                    await self._finish(connection)
                    busy = {delivery["channel"] for delivery in self._under_way.values()}
                    cursor = await connection.execute(CLAIM, ([*self._channels.keys() - busy],))
                    due = await cursor.fetchall()
                self._reason = ""
                for delivery in due:
                    sending = send(self._channels[delivery["channel"]], delivery)
                    self._under_way[asyncio.create_task(sending)] = delivery
                for _ in range(0 if due else LOOK_EVERY):
                    heard = [n async for n in connection.notifies(timeout=1, stop_after=1)]
                    if heard or self._stop.is_set() or any(t.done() for t in self._under_way):
                        break
            await asyncio.gather(*self._under_way)
            async with asyncio.timeout(LIMIT):
                await self._finish(connection)

    async def _finish(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        for task in [task for task in self._under_way if task.done()]:
            delivery, result = self._under_way[task], task.result()
            number, attempt, channel = (delivery[k] for k in ("delivery_id", "attempt", "channel"))
            await connection.execute(FINISH, (number, attempt, *result))
            del self._under_way[task]
            level, error = logging.WARNING if result[1] else logging.INFO, result[1]
            log(level, result[0], deliveryId=number, attempt=attempt, channel=channel, error=error)

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        """Says once a change which of the channels that a claim was not given are not just busy."""
        due = set((notice.message_primary or "").partition("not given: ")[2].split(", "))
        unknown = ", ".join(sorted(due - self._channels.keys()))
        if unknown not in ("", self._unknown):
            log(logging.WARNING, f"alerts are due on channels without a URL: {unknown}")
            self._unknown = unknown


async def send_test(name: str, channels: dict[str, Sender]) -> int:
    """Sends a test to the channel, says how it went, and returns the exit status."""
    if name not in channels:
        raise SettingsError(f"ALERT_URL_{name.upper()} is missing or not usable")
    at, text = f"{datetime.now(UTC):%FT%TZ}", {"title": "Test", "body": "Alerts look like this."}
    payload = json.dumps({"type": "alert", "timestamp": at, "data": {**text, "alerts": []}})
    delivery = {"delivery_id": f"test-{uuid4()}", **text, "payload": payload}
    outcome, error, _ = await send(channels[name], delivery)
    print(f"{name}: {outcome}" + (f" ({error})" if error else ""), flush=True)
    return int(outcome != "sent")


def main() -> int:
    """Runs the alerter, or its test; returns the exit status."""
    parser = argparse.ArgumentParser(description="Sends the alerts that are due.")
    parser.add_argument("--test", metavar="CHANNEL", help="send one test message and end")
    test = parser.parse_args().test
    try:
        settings = None if test else AlerterSettings.read()
        start_logging(settings.log_level if settings else "info")
        for handler in logging.getLogger().handlers:  # libraries write URLs
            handler.addFilter(logging.Filter(logger.name))
        channels = read_channels(os.environ)
        if settings is None:
            return asyncio.run(send_test(test.lower(), channels))
        asyncio.run(Alerter(settings.database_url, channels).run())
    except SettingsError as error:
        print(f"alerter.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    os._exit(main())  # a thread that is stuck in Apprise would hold sys.exit() up
