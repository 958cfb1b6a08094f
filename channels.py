"""Channels: what sends a delivery to the URL that ALERT_URL_<CHANNEL> names.

A URL is a secret, and so is what is sent: of what goes wrong only the kind is told.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from psycopg.rows import DictRow
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from settings import SettingsError, log

LOCAL = ("localhost", "127.0.0.1", "::1")  # where nobody else can read http
LIMIT = 10  # seconds for a request

Result = tuple[str, str | None, timedelta | None]  # finish_alert's outcome, error, retry_after
Sender = Callable[[DictRow], Awaitable[Result]]


def read_channels(env: Mapping[str, str]) -> dict[str, Sender]:
    """Returns what sends to each channel. One that is wrong is logged and left out."""
    channels = {}
    names = [n.removeprefix("ALERT_URL_") for n in env if n.startswith("ALERT_URL_") and env[n]]
    for name in names:
        url, secret = (env.get(f"ALERT_{x}_{name}", "").strip() for x in ("URL", "SECRET"))
        try:
            place = httpx.URL(url)
            if place.scheme == "https" or (place.scheme == "http" and place.host in LOCAL):
                channels[name.lower()] = webhook(name, url, secret)
            else:
                channels[name.lower()] = by_apprise(name, url)
        except SettingsError as error:
            log(logging.ERROR, str(error))
        except Exception:  # whose text may hold it
            log(logging.ERROR, f"ALERT_URL_{name} is no URL")
    return channels


def webhook(name: str, url: str, secret: str) -> Sender:
    """Returns what posts a delivery's payload by Standard Webhooks. Raises SettingsError."""
    key = secret.removeprefix("whsec_")
    try:  # Webhook itself skips what is not base64
        signer = Webhook(base64.b64decode(key, validate=True)) if secret else None
    except (ValueError, EmptyWebhookSecretError):
        raise SettingsError(f"ALERT_SECRET_{name} is not whsec_ and base64") from None

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
    with suppress(ValueError, OverflowError):
        return timedelta(seconds=int(header))
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(header) - datetime.now(UTC)
    return None


def by_apprise(name: str, url: str) -> Sender:
    """Returns what sends a delivery's title and body by Apprise. Raises SettingsError."""
    try:
        from apprise import Apprise, NotifyType
    except ImportError:
        fault = f'ALERT_URL_{name} needs the extra "alerts": pip install ".[alerts]"'
        raise SettingsError(fault) from None
    apprise = Apprise()
    threads = ThreadPoolExecutor(10)  # of its own, as many as a claim gives deliveries
    if not apprise.add(url):
        raise SettingsError(f"ALERT_URL_{name} is neither https nor a URL that Apprise knows")

    async def notify(delivery: DictRow) -> Result:
        text = (delivery["body"], delivery["title"], NotifyType.INFO, "text")
        told = await asyncio.get_running_loop().run_in_executor(threads, apprise.notify, *text)
        return ("sent", None, None) if told else ("failed", "Apprise did not deliver it", None)

    return notify


async def send(sender: Sender, delivery: DictRow) -> Result:
    """Sends once and says how that went, within the limit. Raises nothing."""
    try:
        async with asyncio.timeout(LIMIT):
            return await sender(delivery)
    except TimeoutError:
        return "failed", f"no answer within {LIMIT} s", None
    except Exception as error:  # whose text may hold the URL
        return "failed", type(error).__name__, None
