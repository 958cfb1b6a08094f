"""make doctor: whether it sees what does not hold, and says what to do."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqs import Queue

ROOT = Path(__file__).resolve().parents[2]
CHECKS = [
    "database",
    "migrated",
    "rights",
    "own sellers",
    "alert channels",
    "queue",
    "redrive policy",
    "visibility",
]
Doctor = Callable[..., tuple[int, dict[str, tuple[str, str]]]]


@pytest.fixture
def doctor(database_url: str, queue_url: str) -> Doctor:
    """Runs db/doctor.py with these settings: its status, and (mark, text) of each check."""
    Queue(queue_url).set(VisibilityTimeout="120")
    given = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    given |= {"DATABASE_URL": database_url, "SQS_QUEUE_URL": queue_url}
    given["ALERT_URL_DEFAULT"] = "https://example.com/s3cret"

    def doctor(**settings: str) -> tuple[int, dict[str, tuple[str, str]]]:
        done = subprocess.run(
            [sys.executable, "db/doctor.py"],
            cwd=ROOT,
            env=given | settings,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        assert "s3cret" not in done.stdout
        lines = done.stdout.splitlines()
        return done.returncode, {
            line[4:20].strip(): (line[:3].strip(), line[20:]) for line in lines
        }

    return doctor


def wrong(found: tuple[int, dict[str, tuple[str, str]]]) -> dict[str, str]:
    """What does not hold and what is said of it; the exit status says that there is something."""
    status, checks = found
    faults = {name: text for name, (mark, text) in checks.items() if mark == "no"}
    assert status == int(bool(faults))
    return faults


def test_all_holds(db: psycopg.Connection[Any], doctor: Doctor) -> None:
    db.execute("insert into own_sellers values ('A1SECOND')")
    status, checks = doctor(AMAZON_SELLER_ID="A1SECOND")
    assert status == 0
    assert list(checks) == CHECKS
    assert {mark for mark, _ in checks.values()} == {"ok"}
    assert checks["own sellers"][1] == "A1SECOND, A2D8NG39VURSL3"


def test_the_database(db: psycopg.Connection[Any], doctor: Doctor, empty_database_url: str) -> None:
    away = "postgresql://u:s3cret@127.0.0.1:1/none"
    assert "DATABASE_URL" in wrong(doctor(DATABASE_URL=away))["database"]
    assert "make migrate" in wrong(doctor(DATABASE_URL=empty_database_url))["migrated"]
    assert "A1OTHER" in wrong(doctor(AMAZON_SELLER_ID="A1OTHER"))["own sellers"]
    db.execute("delete from own_sellers")
    assert "none" in wrong(doctor())["own sellers"]
    db.execute(f"alter database {db.info.dbname} set default_transaction_read_only = on")
    assert "read-only" in wrong(doctor())["rights"]
    db.execute("set default_transaction_read_only = off")
    db.execute(f"alter database {db.info.dbname} reset default_transaction_read_only")
    db.execute("update _deployed set sha256 = 'older' where name ~ 'ingest_order'")
    found = wrong(doctor())
    assert "make migrate" in found["migrated"]
    assert "ingest_order" in found["migrated"]


def test_what_a_login_may_not(
    db: psycopg.Connection[Any], database_url: str, doctor: Doctor
) -> None:
    login = f"doctor_of_{db.info.dbname}"
    db.execute(f"create role {login} login password 's3cret'")
    try:
        url = f"postgresql://{login}:s3cret@{database_url.partition('@')[2]}"
        assert "grant buybox_relay" in wrong(doctor(DATABASE_URL=url))["rights"]
        db.execute(f"grant buybox_relay to {login}")
        status, checks = doctor(DATABASE_URL=url)
        assert (status, checks["rights"][0]) == (0, "ok")
        assert checks["own sellers"][0] == "?"
    finally:
        db.execute(f"drop role {login}")


def test_the_queue(queue_url: str, doctor: Doctor) -> None:
    assert "SQS_QUEUE_URL" in wrong(doctor(SQS_QUEUE_URL=f"{queue_url}-gone"))["queue"]
    assert "MAX_RECEIVE_COUNT 5" in wrong(doctor(MAX_RECEIVE_COUNT="5"))["redrive policy"]
    Queue(queue_url).set(VisibilityTimeout="30", RedrivePolicy="")
    assert wrong(doctor()).keys() == {"redrive policy", "visibility"}


def test_a_wrong_setting_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "db/doctor.py"], cwd=ROOT, env={}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "DATABASE_URL" in done.stderr
    assert "SQS_QUEUE_URL" in done.stderr
