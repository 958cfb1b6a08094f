"""render.yaml's commands and variables: enough to migrate, start and stop the relay."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from cluster import ROOT, free_port

RELAY = yaml.safe_load((ROOT / "render.yaml").read_text())["services"][0]


@pytest.fixture
def given_by_render(empty_database_url: str, queue_url: str) -> dict[str, str]:
    """What Render gives a process: the file's variables, and PORT.

    And of ours where the local SQS is, and short polls, for a stop waits for the poll under way.
    """
    variables = {entry["key"]: entry.get("value") for entry in RELAY["envVars"]}
    given = variables | {
        "DATABASE_URL": empty_database_url,
        "SQS_QUEUE_URL": queue_url,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AMAZON_SELLER_ID": "A1SELLER0000TEST",
    }
    assert given.keys() == variables.keys()
    assert None not in given.values()
    return given | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORT": str(free_port()),
        "WAIT_TIME": "1",
        "AWS_ENDPOINT_URL_SQS": os.environ["AWS_ENDPOINT_URL_SQS"],
    }


@pytest.fixture
def started(given_by_render: dict[str, str]) -> Iterator[Callable[[], Any]]:
    """Starts the service as Render does; ends it with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = ["sh", "-c", f"exec {RELAY['startCommand']}"]
        processes.append(
            subprocess.Popen(command, cwd=ROOT, env=given_by_render, stdout=subprocess.DEVNULL)
        )
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_its_commands_migrate_start_and_stop_with_its_variables_alone(
    given_by_render: dict[str, str],
    started: Callable[[], subprocess.Popen[bytes]],
    wait_until: Callable[..., None],
) -> None:
    migration = subprocess.run(
        RELAY["preDeployCommand"],
        shell=True,
        cwd=ROOT,
        env=given_by_render,
        capture_output=True,
        text=True,
    )
    assert migration.returncode == 0, migration.stderr
    with psycopg.connect(given_by_render["DATABASE_URL"]) as db:
        sellers = db.execute("select seller_id from own_sellers").fetchall()
    assert sellers == [("A1SELLER0000TEST",)]

    process = started()

    def healthy() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{given_by_render['PORT']}/health"):
                return True
        except urllib.error.URLError:  # and of these HTTPError
            return False

    wait_until(healthy, what="/health to answer 200")
    process.send_signal(signal.SIGTERM)
    assert process.wait(RELAY["maxShutdownDelaySeconds"]) == 0
