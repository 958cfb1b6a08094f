"""Check what the relay needs: a line a check, with what to do where it does not hold.

    DATABASE_URL=... SQS_QUEUE_URL=... python db/doctor.py

It changes nothing and receives nothing. Run it with the relay's settings; as the tables' owner it
sees most, and says what its user may not see. Exit status: 0 where all checks hold; 1 where one
does not; 2 where a setting is wrong.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import boto3
import botocore.config
import psycopg
from migrate import HERE, sha256

from relay import SQS_ERRORS, RelaySettings, connect, describe
from settings import SettingsError


class DoctorSettings(RelaySettings):
    """The relay's settings, and the seller that the first migration put into own_sellers."""

    amazon_seller_id: str = ""


class Finding(Exception):
    """What does not hold, and what to do."""


Database = psycopg.Connection[dict[str, object]]
Attributes = dict[str, str]


def migrated(db: Database) -> str:
    """Compares what stands in the database with this checkout."""
    places = ("migrations/*.*", "types/*.sql", "functions/*/*.sql", "views/*.sql")
    files = [file for place in places for file in HERE.glob(place) if ".roll" not in file.name]
    if db.execute("select to_regclass('public._deployed') as name").fetchone() == {"name": None}:
        raise Finding("not migrated: run make migrate")
    known = {row["sha256"] for row in db.execute("select sha256 from public._deployed").fetchall()}
    others = sorted(file.name for file in files if sha256(file) not in known)
    if others:
        raise Finding(f"not as this checkout says, {others[0]} for one: run make migrate")
    return "as this checkout says"


def rights(db: Database) -> str:
    """Asks whether this user may ingest, now."""
    row = db.execute(
        "select current_user as who, current_setting('transaction_read_only') as read_only,"
        " has_function_privilege('public.ingest_notification(text[],text[])', 'execute') as may"
    ).fetchone()
    assert row
    if not row["may"]:
        raise Finding(f"{row['who']} may not ingest: grant buybox_relay to {row['who']}")
    if row["read_only"] == "on":
        raise Finding("the database is read-only: is it a standby, or its disk full?")
    return f"{row['who']} may ingest"


def own_sellers(db: Database, amazon_seller_id: str) -> str:
    """Says which sellers' offers count as the own ones."""
    rows = db.execute("select seller_id from public.own_sellers order by seller_id").fetchall()
    sellers = [str(row["seller_id"]) for row in rows]
    if not sellers:
        raise Finding("none, so no offer is yours: insert into own_sellers (seller_id) values …")
    if amazon_seller_id and amazon_seller_id not in sellers:
        raise Finding(
            f"AMAZON_SELLER_ID {amazon_seller_id} is not among {', '.join(sellers)}: insert it into"
            " own_sellers, delete what is not yours, then run make rerun and make rebuild"
        )
    return ", ".join(sellers)


def alert_channels(db: Database) -> str:
    """Looks for an address of every channel that an active rule names."""
    if db.execute("select to_regclass('public.alert_rules') as name").fetchone() == {"name": None}:
        return "this version has no alerts"
    query = "select distinct channel from public.alert_rules where active order by channel"
    channels = [str(row["channel"]) for row in db.execute(query).fetchall()]
    names = [f"ALERT_URL_{channel.upper()}" for channel in channels]
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Finding(
            f"rules are active, but not set: {', '.join(missing)}; set it or end the rule"
        )
    return ", ".join(channels) or "no rule is active"


def redrive(attributes: Attributes, settings: RelaySettings) -> str:
    """Looks where messages go that fail again and again."""
    policy = json.loads(attributes.get("RedrivePolicy") or "{}")
    receives, expected = int(policy.get("maxReceiveCount", 0)), settings.max_receive_count
    if not receives:
        raise Finding("none, so a bad message comes back for days: docs/aws.md, section 1")
    if receives != expected:
        raise Finding(f"maxReceiveCount {receives}, MAX_RECEIVE_COUNT {expected}: make them equal")
    return f"after {receives} receives to {policy['deadLetterTargetArn'].rpartition(':')[2]}"


def visibility(attributes: Attributes, settings: RelaySettings) -> str:
    """Compares the queue's visibility timeout with the one that the relay asks for."""
    seconds, asked = int(attributes["VisibilityTimeout"]), settings.visibility_timeout
    if seconds < asked:
        raise Finding(f"{seconds} s, VISIBILITY_TIMEOUT {asked} s: set the queue's to {asked}")
    return f"{seconds} s"


def ask_queue(settings: RelaySettings) -> Attributes:
    """Returns the queue's attributes. Raises Finding where SQS does not give them."""
    limits = botocore.config.Config(connect_timeout=5, read_timeout=5)
    try:
        sqs = boto3.client("sqs", region_name=settings.aws_region, config=limits)
        answer = sqs.get_queue_attributes(
            QueueUrl=settings.sqs_queue_url, AttributeNames=["RedrivePolicy", "VisibilityTimeout"]
        )
    except (*SQS_ERRORS, ValueError) as error:
        raise Finding(
            f"{describe(error)}: check SQS_QUEUE_URL, AWS_REGION and the credentials"
        ) from None
    return {str(name): value for name, value in answer["Attributes"].items()}


class Report:
    """Prints a line a check, and remembers whether all hold."""

    def __init__(self) -> None:
        self.holds = True

    def run(self, name: str, look: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a check and returns what it found; None where it does not hold, or where one of its
        arguments is None because that one did not."""
        found, mark = None, "no"
        try:
            if None in arguments:
                mark, text = "-", "not looked at"
            else:
                found = look(*arguments)
                mark, text = "ok", found if isinstance(found, str) else "reachable"
        except psycopg.errors.InsufficientPrivilege as error:
            found = mark = "?"
            text = f"{describe(error)}: ask as the owner"
        except psycopg.Error as error:
            text = f"{describe(error)}: check DATABASE_URL, and the server"
        except Finding as finding:
            text = str(finding)
        self.holds = self.holds and mark != "no"
        print(f"{mark:3} {name:15} {text}", flush=True)
        return found


def examine(settings: DoctorSettings) -> bool:
    """Runs every check; returns whether all hold."""
    report = Report()
    db = report.run("database", connect, settings)
    if not report.run("migrated", migrated, db):
        db = None
    report.run("rights", rights, db)
    report.run("own sellers", own_sellers, db, settings.amazon_seller_id)
    report.run("alert channels", alert_channels, db)
    queue = report.run("queue", ask_queue, settings)
    report.run("redrive policy", redrive, queue, settings)
    report.run("visibility", visibility, queue, settings)
    return report.holds


def main() -> int:
    """Returns the exit status."""
    try:
        return 0 if examine(DoctorSettings.read()) else 1
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
