"""make send: a real message to a real relay, and whether what it says of it is true."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import notifications as n
import psycopg
import pytest
from cluster import Cluster
from relays import RelayProcess
from sqs import Queue

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "postgresql://u:s3cret@127.0.0.1:1/none"


@pytest.fixture
def send(database_url: str, queue_url: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs tools/send.py with these arguments and, beside what it needs, these settings."""
    given = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    given |= {"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "SQS_QUEUE_URL": queue_url}

    def send(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "tools/send.py", *map(str, arguments)],
            cwd=ROOT,
            env=given | settings,
            capture_output=True,
            text=True,
        )

    return send


def stored(db: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return db.execute("select message_id from worker_notifications").fetchall()


def test_says_what_became_of_each_message(
    db: psycopg.Connection[Any],
    database_url: str,
    queue_url: str,
    send: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    file = tmp_path / "notification.json"

    def send_file(body: str) -> subprocess.CompletedProcess[str]:
        file.write_text(body)
        return send(file)

    def offers(minute: int) -> str:
        time = n.START + timedelta(minutes=minute)
        mine = n.Offer(n.SELLER, listing=Decimal("12.345"))
        return n.text(n.pascal(n.OfferChange(event_time=time, offers=(mine, n.Offer()))))

    with RelayProcess(DATABASE_URL=database_url, SQS_QUEUE_URL=queue_url):
        first, again = send(), send()
        body = offers(1) + " \n"  # byte for byte
        processed, duplicate, stale = send_file(body), send_file(body), send_file(offers(0))
        issue = send_file(n.text(n.sns(n.camel(n.PricingHealth()))))
        other = send_file(n.text(n.other()))
        failed = send_file('{"NotificationType": "ANY_OFFER_CHANGED"}')

    for done in (first, again):
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(
            r"^processed .*\n  .*ANY_OFFER_CHANGED\n  asin +BUYBOXTEST$", done.stdout, re.M
        )
        assert re.search(r"^  severity +success$", done.stdout, re.M)
        assert re.search(r"^  your_price +10\.99$", done.stdout, re.M)
    shown = db.execute("select your_position from current_state where asin = 'BUYBOXTEST'")
    assert shown.fetchall() == [(3,)]

    def outcome(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
        assert done.stderr == ""
        sent, said = done.stdout.splitlines()[:2]
        assert sent.startswith("sent ")
        return done.returncode, said.split()[0]

    assert outcome(processed) == (0, "processed")
    assert re.search(r"^  your_price +12\.35$", processed.stdout, re.M)
    (message_id,) = re.findall(r"^sent +message (\S+),", processed.stdout)
    assert (message_id,) in stored(db)
    assert outcome(duplicate) == (0, "duplicate")
    assert message_id in duplicate.stdout
    assert outcome(stale) == (0, "stale")
    assert outcome(issue) == (0, "processed")
    assert re.search(r"^  pricing_issue +BuyBoxDisqualification$", issue.stdout, re.M)
    assert outcome(other) == (0, "processed")
    assert "current_state" not in other.stdout
    assert outcome(failed) == (1, "failed")
    assert "without an ASIN" in failed.stdout
    assert len(stored(db)) == 6


def test_says_that_nothing_happened_where_no_relay_runs(
    queue_url: str, send: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = send("--timeout", 0.5)
    assert (done.returncode, done.stderr) == (3, "")
    assert "Is the relay running" in done.stdout
    assert Queue(queue_url).visible == 1


def test_what_is_wrong_is_said_in_one_line_before_anything_is_sent(
    cluster: Cluster,
    database_url: str,
    queue_url: str,
    send: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("create role relay_only login password 's3cret' in role buybox_relay")
    empty = cluster.create_database()
    relay_only = re.sub("//.*@", "//relay_only:s3cret@", database_url)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")

    wrong: list[tuple[list[object], dict[str, str], str]] = [
        ([], {"DATABASE_URL": ""}, "DATABASE_URL"),
        ([], {"DATABASE_URL": "mysql://u:s3cret@host/db"}, "DATABASE_URL"),
        ([], {"DATABASE_URL": NOBODY}, "DATABASE_URL"),
        ([], {"DATABASE_URL": relay_only}, "buybox_analyst"),
        ([], {"DATABASE_URL": empty}, "make migrate"),
        ([], {"SQS_QUEUE_URL": ""}, "SQS_QUEUE_URL"),
        ([], {"SQS_QUEUE_URL": f"{queue_url}-none"}, "SQS_QUEUE_URL"),
        ([tmp_path / "none.json"], {}, "none.json"),
        ([binary], {}, "UTF-8"),
    ]
    for arguments, settings, says in wrong:
        done = send(*arguments, **settings)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert says in done.stderr
        assert done.stderr.count("\n") == 1
        assert "s3cret" not in done.stderr
    assert Queue(queue_url).visible == 0
    cluster.drop_database(empty)
