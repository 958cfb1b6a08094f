"""Send a notification to SQS_QUEUE_URL and say what became of it in the database at DATABASE_URL.

    python tools/send.py [--timeout SECONDS] [FILE]

FILE is sent as it is, byte for byte; without it, an offer change of a made-up item, BUYBOXTEST,
that happened just now. The relay has to be running. Settings are the relay's; the credentials need
sqs:SendMessage, the database's user the rights of buybox_analyst.

Exit status: 0 where it was processed, stale or a duplicate; 1 where it failed; 2 where a setting is
wrong, or SQS or the database refuses; 3 where nothing happened within SECONDS (60).
"""

import argparse
import hashlib
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import psycopg
from psycopg.rows import dict_row

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "helpers"))

import notifications as n

from relay import SQS_ERRORS, RelaySettings, describe
from settings import SettingsError

DONE, FAILED, WRONG, NOTHING = 0, 1, 2, 3

# A duplicate leaves no trace of its own: it is found by its body. Nor is it stored whether an event
# was stale when it came: what can be seen is whether current_state holds it now.
STORED = """
select
  n.message_id, n.notification_type, n.asin, n.marketplace, n.item_condition, n.severity,
  has_state(n.notification_type),
  n.dedupe_hash in (c.offers_dedupe_hash, c.issue_dedupe_hash) as is_shown
from worker_notifications as n
left join current_state as c
  on n.asin = c.asin and n.marketplace = c.marketplace and n.item_condition = c.item_condition
where n.message_id = %(message_id)s or n.dedupe_hash = %(hash)s
order by n.message_id = %(message_id)s desc
limit 1
"""
FAILURE = """
select error_type, error_message, failure_count from open_failures
where message_id = %(message_id)s
"""
STATE = """
select * from current_state
where asin = %(asin)s and marketplace = %(marketplace)s and item_condition = %(item_condition)s
"""


class Problem(Exception):
    """What no waiting can mend, in one line."""


def sample() -> str:
    """The body about BUYBOXTEST: three offers, of which the dearest is the seller's own."""
    now = datetime.now(UTC)
    prices = {"A0CHEAPEST": "9.99", "A0SECOND": "10.49", "A0YOURSELF": "10.99"}
    offers = tuple(
        n.Offer(seller, Decimal(price), Decimal(0), fba=True, winner=seller == "A0CHEAPEST")
        for seller, price in prices.items()
    )
    facts = n.OfferChange(
        asin="BUYBOXTEST", seller="A0YOURSELF", event_time=now, publish_time=now, offers=offers
    )
    return n.text(n.pascal(facts, time=datetime.isoformat))


def send(settings: RelaySettings, body: str) -> str:
    """Returns SQS's id of the message. Raises SQS_ERRORS."""
    limits = botocore.config.Config(connect_timeout=5, retries={"total_max_attempts": 2})
    sqs = boto3.client("sqs", region_name=settings.aws_region, config=limits)
    return sqs.send_message(QueueUrl=settings.sqs_queue_url, MessageBody=body)["MessageId"]


def follow(db: psycopg.Connection[dict[str, Any]], message: dict[str, str], timeout: float) -> int:
    """Waits for the message to be stored or to fail, prints which, and returns the exit status."""
    started = time.monotonic()
    while time.monotonic() - started < timeout:
        if stored := db.execute(STORED, message).fetchone():
            if stored["message_id"] != message["message_id"]:
                print(f"duplicate  of message {stored['message_id']}: the relay only deletes it")
            elif stored["has_state"] and not stored["is_shown"]:
                print("stale      stored, but current_state holds a newer event of this item")
            else:
                print(f"processed  {time.monotonic() - started:.1f} s after it was sent")
            show(stored, "notification_type", "asin", "severity")
            if stored["has_state"] and (state := db.execute(STATE, stored).fetchone()):
                print("current_state")
                show(state, *(column for column in state if not column.endswith("_hash")))
            return DONE
        if failure := db.execute(FAILURE, message).fetchone():
            print(f"failed     {failure['error_message']} ({failure['error_type']})")
            print(
                "It comes back until the queue's maxReceiveCount, then is in the dead-letter queue."
            )
            return FAILED
        time.sleep(0.2)
    print(f"nothing    happened within {timeout:g} s. Is the relay running, on this queue and this")
    print("           database? The message stays in the queue: it is processed when one does.")
    return NOTHING


def show(row: dict[str, Any], *columns: str) -> None:
    """Prints a line a column."""
    for column in columns:
        print(f"  {column:20} {'-' if row[column] is None else row[column]}")


def run(file: str | None, timeout: float) -> int:
    """Sends and follows; returns the exit status. Raises Problem."""
    try:
        settings = RelaySettings.read()
        body = Path(file).read_bytes().decode() if file else sample()
        with psycopg.connect(
            settings.database_url, autocommit=True, row_factory=dict_row, connect_timeout=5
        ) as db:
            message = {"message_id": "", "hash": hashlib.sha256(body.encode()).hexdigest()}
            db.execute(STORED, message)  # whatever is wrong with the database comes before sending
            message["message_id"] = send(settings, body)
            print(f"sent       message {message['message_id']}, {len(body.encode())} bytes")
            return follow(db, message, timeout)
    except SettingsError as error:
        raise Problem(str(error)) from None
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Problem(f"{file}: is no UTF-8 text, and SQS takes no other") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise Problem(
            f"DATABASE_URL: {describe(error)}: grant buybox_analyst to its user"
        ) from None
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        raise Problem("DATABASE_URL: the database is not migrated: run make migrate") from None
    except psycopg.Error as error:
        raise Problem(f"DATABASE_URL: {describe(error)}") from None
    except (*SQS_ERRORS, ValueError) as error:
        raise Problem(f"SQS_QUEUE_URL or the AWS credentials: {describe(error)}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description="Sends a notification and says what became of it.")
    parser.add_argument("file", nargs="?", help="what to send (unset: a made-up offer change)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait (60)")
    arguments = parser.parse_args()
    try:
        return run(arguments.file, arguments.timeout)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
