"""The documents: what they show is what a database prints, and what they ask it works."""

import importlib
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import reference
import yaml
from cluster import ROOT, Cluster
from prometheus_client import REGISTRY
from sqs import offer_changed

README = (ROOT / "README.md").read_text()


def test_what_a_database_prints_is_what_the_documents_show(
    cluster: Cluster, database_url: str
) -> None:
    for file, text in reference.current(cluster, database_url):
        assert file.read_text() == text, "run make reference"


def test_the_references_examples_work(cluster: Cluster, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as db:
        reference.ingest_demo(db, datetime.now(UTC))
        shown = list(reference.examples(db))
    assert len(shown) > 20
    for role, example in shown:
        printed = reference.psql(cluster, database_url, role, f"begin;{example};rollback;")
        assert re.search(r"\([1-9]\d* rows?\)", printed), f"{role}: {example}\n{printed}"


def test_the_readme_shows_what_the_demo_prints(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "demo")
    demo = runpy.run_path(str(ROOT / "demo" / "demo.py"))
    with psycopg.connect(database_url, autocommit=True) as db:
        reference.ingest_demo(db, datetime.now(UTC))
    with psycopg.connect(database_url, row_factory=psycopg.rows.dict_row) as dicts:
        demo["show_state"](dicts)
    printed = capsys.readouterr().out.splitlines()
    start = README.index("Your 14 items now")
    shown = README[start : README.index("\n```", start)].splitlines()
    assert len(shown) > 5
    assert [line for line in shown if line not in printed] == []


def test_what_make_psql_suggests_answers_within_80_columns(
    cluster: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "demo")
    text = runpy.run_path(str(ROOT / "demo" / "demo.py"))["SUGGESTIONS"]
    with psycopg.connect(database_url, autocommit=True) as db:
        reference.ingest_demo(db, datetime.now(UTC))
    queries = re.findall("^  (select .*;)$", text, re.MULTILINE)
    assert len(queries) == 4
    answers = [reference.psql(cluster, database_url, "seller", query) for query in queries]
    assert not [answer for answer in answers if not re.search(r"^\([1-9]\d* rows?\)", answer, re.M)]
    assert max(map(len, [*text.splitlines(), *"".join(answers).splitlines()])) <= 80


def test_what_watches_asks_for_what_there_is(cluster: Cluster, database_url: str) -> None:
    rules = yaml.safe_load((ROOT / "monitoring/rules.yml").read_text())["groups"][0]["rules"]
    operations = (ROOT / "docs/operations.md").read_text()
    assert [rule["alert"] for rule in rules if f"`{rule['alert']}`" not in operations] == []
    panels = json.loads((ROOT / "monitoring/dashboard.json").read_text())["panels"]
    targets = [target for panel in panels for target in panel["targets"]]
    asked = " ".join([each["expr"] for each in [*rules, *targets] if "expr" in each])

    importlib.import_module("relay")  # its metrics are in the registry from then on
    families = {family.name: family for family in REGISTRY.collect()}
    exposed = set(families) | {s.name for family in families.values() for s in family.samples}
    exposed |= {f"{name}_total" for name, family in families.items() if family.type == "counter"}
    names = set(re.findall(r"\brelay_\w+", asked))
    assert names <= exposed
    assert {name for name in exposed if name.startswith("relay_up")} <= names
    # Exposed from the start: a rise from nothing to 1 is none to Prometheus.
    outcomes = {s.labels.get("outcome") for s in families["relay_messages"].samples}
    assert set(re.findall(r'outcome="(\w+)"', asked)) == {"failed", "left"} & outcomes

    queries = [target["rawSql"] for target in targets if "rawSql" in target]
    assert len(queries) == 4
    for each in queries:
        printed = reference.psql(cluster, database_url, "buybox_analyst", f"{each};")
        assert "ERROR" not in printed


def test_following_misses_no_change(
    cluster: Cluster, database_url: str, wait_until: Callable[..., None], tmp_path: Path
) -> None:
    """Even of a transaction that began before one whose change was read already."""
    output = tmp_path / "output"
    ui = f"{cluster.superuser_url(database_url)}&options=-c%20role%3Dbuybox_ui"

    def printed(asin: str) -> bool:
        return f" {asin} A1F83G8C2ARO7P new: yours 10.0" in output.read_text()

    def ingest(db: psycopg.Connection, asin: str) -> None:
        db.execute("select ingest_notification(%s, %s)", [asin, offer_changed(asin, second=1)])

    with (
        psycopg.connect(database_url, autocommit=True) as first,
        psycopg.connect(database_url) as slow,
        psycopg.connect(database_url, autocommit=True) as quick,
    ):
        ingest(first, "B0STANDS01")
        with output.open("w") as out:
            follower = subprocess.Popen(
                [sys.executable, "-u", "examples/follow.py"],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": ui},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: printed("B0STANDS01"), what="the row that stood there")
            ingest(slow, "B0SLOW0001")
            ingest(quick, "B0QUICK001")
            wait_until(lambda: printed("B0QUICK001"), what="the later change")
            assert not printed("B0SLOW0001")
            slow.commit()
            wait_until(lambda: printed("B0SLOW0001"), what="the change that committed late")
        finally:
            follower.kill()
            follower.wait()
    lines = output.read_text().splitlines()
    assert len(lines) == 3  # each change once, though the overlap brings each row again


def test_the_queries_for_a_lock_that_stops_ingest_name_its_holder(
    connect: Callable[[], psycopg.Connection],
    in_background: Callable[..., Future[Any]],
    wait_until: Callable[..., None],
) -> None:
    text = (ROOT / "docs/operations.md").read_text().partition("## When a lock stops ingest")[2]
    of_an_item, of_all = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)[:2]
    (asin,) = re.findall(r"lock_of_item\('(\w+)'\)", of_an_item)
    holder, waiting, observer = connect(), connect(), connect()
    pids = holder.info.backend_pid, waiting.info.backend_pid
    ingest = "select ingest_notification(%s, %s)"
    holder.execute(ingest, ("m-0", offer_changed(asin, second=0)))
    with holder.transaction():
        holder.execute("select rebuild_current_state(%s)", (asin,))
        observer.execute("select pg_advisory_lock(1)")
        message = ("m-1", offer_changed(asin, second=1))
        storing = in_background(waiting.execute, ingest, message)
        wait_until(lambda: observer.execute(of_all).fetchall(), what="ingest to wait")
        found = [(row[0], row[-1]) for row in observer.execute(of_an_item)]
        assert found == [(pids[0], True), (pids[1], False)]
        assert [(row[0], row[2]) for row in observer.execute(of_all)] == [pids[::-1]]
    storing.result()
