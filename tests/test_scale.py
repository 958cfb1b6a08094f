"""Several databases: how EventBridge splits items, moving them, and reading across."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import boto3
import psycopg
import pytest
from cluster import ROOT, Cluster, name_of
from sqs import broken, offer_changed

from tools.shards import CHARACTERS, PATHS, at, rules, shard_of, shard_of_sql

ASINS = [f"B00TEST{n:02}{c}" for n, c in enumerate(CHARACTERS)]


def matches(pattern: Any, value: Any, present: bool = True) -> bool:
    """EventBridge's own rules for the filters used here, as its documentation has them."""
    if isinstance(pattern, dict):
        return all(
            any(matches(part, value, present) for part in filters)
            if name == "$or"
            else matches(
                filters,
                value.get(name) if isinstance(value, dict) else None,
                isinstance(value, dict) and name in value,
            )
            for name, filters in pattern.items()
        )
    leaf = present and not isinstance(value, dict)
    return any(accepts(each, value, leaf) for each in pattern)


def accepts(each: Any, value: Any, leaf: bool) -> bool:
    match each:
        case {"exists": wanted}:
            return bool(leaf == wanted)
        case {"suffix": end}:
            return leaf and isinstance(value, str) and value.endswith(end)
        case {"anything-but": {"suffix": ends}}:
            return leaf and isinstance(value, str) and not value.endswith(tuple(ends))
        case {"numeric": [">=", least]}:
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return leaf and number and value >= least
        case None | bool():
            return leaf and value is each
    raise AssertionError(f"not a filter that is used: {each}")


@pytest.mark.parametrize("shards", range(2, 37))
def test_rules_send_every_event_to_one_queue(shards: int) -> None:
    made = rules(shards)
    odd = ["B00x", "B00X ", "", "B00-", "é", 7, 0.5, None, True, False]
    for path in PATHS:
        for asin in [*ASINS, *odd]:
            event = {"detail": at(path, asin)}
            to = [shard for shard, pattern in made.values() if matches(pattern, event)]
            assert to == [shard_of(asin if isinstance(asin, str) else None, shards)], asin
    for detail in ({}, {"Payload": {}}, {"Payload": 3}, at(PATHS[0], {}), at(PATHS[2][:1], None)):
        found = [name for name, (_, p) in made.items() if matches(p, {"detail": detail})]
        assert found == ["no-asin"], detail
    assert {to for to, _ in made.values()} == set(range(1, shards + 1))
    # AWS's quotas: characters of a pattern, and rules of a bus.
    assert max(len(json.dumps(pattern)) for _, pattern in made.values()) <= 2048
    assert len(made) <= 100


def test_twice_as_many_shards_split_each_in_two() -> None:
    for shards in range(2, 19):
        assert all((shard_of(a, shards * 2) - 1) % shards + 1 == shard_of(a, shards) for a in ASINS)


def test_the_database_knows_the_same_split(db: psycopg.Connection) -> None:
    asins = [*ASINS, "B00x", "B00-", "", "é", None]
    for shards in (2, 5, 36):
        found = db.execute(
            f"select {shard_of_sql('a', shards)} from unnest(%s::text[])"
            " with ordinality as t (a, n) order by n".encode(),
            (asins,),
        ).fetchall()
        assert [n for (n,) in found] == [shard_of(a, shards) for a in asins]


@pytest.fixture
def shards(cluster: Cluster) -> Iterator[list[str]]:
    urls = [cluster.create_database(migrated=True) for _ in range(8)]
    yield urls
    for url in urls:
        cluster.drop_database(url)


def ingest(url: str, *bodies: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select outcome from ingest_notification(%b::text[], %b::text[])",
            ([str(uuid.uuid4()) for _ in bodies], list(bodies)),
        ).fetchall()
    return [outcome for (outcome,) in found]


def run(script: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *script.split()],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )


STATE = (
    "select to_jsonb(c) - 'last_notification_id' - 'last_updated' from current_state as c"
    " order by asin, marketplace, item_condition"
)


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [row for (row,) in connection.execute(query.encode())]


def test_a_live_database_splits_and_splits_again(
    shards: list[str], database_url: str, in_background: Callable[..., "Future[Any]"]
) -> None:
    bodies = [offer_changed(asin, second) for second in range(4) for asin in ASINS]
    bodies += [json.dumps({"NotificationType": "REPORT", "n": 1})]
    ingest(database_url, *bodies)
    ingest(shards[0], *bodies[: len(bodies) // 2], bodies[-1])
    sent = len(bodies) // 2

    for number, until in ((4, 3 * len(bodies) // 4), (8, len(bodies))):
        halt = threading.Event()

        def keep_ingesting(number: int, start: int, stop: int, halt: threading.Event) -> None:
            for body in bodies[start:stop]:
                asin = next((a for a in ASINS if a in body), None)
                ingest(shards[shard_of(asin, number) - 1], body)
            # what the old queue still held, or comes twice
            ingest(shards[0], *bodies[start - 5 : start])
            halt.set()

        feeding = in_background(keep_ingesting, number, sent, until, halt)
        urls = " ".join(shards[:number])
        while True:
            over = halt.is_set()
            done = run("db/split.py", DATABASE_URLS=urls)
            assert done.returncode == 0, done.stderr
            if over and done.stdout == "split: 0 items moved\n":
                break
        feeding.result()
        sent = until

    hashes = "select dedupe_hash from worker_notifications order by 1"
    assert sorted(h for url in shards for h in rows(url, hashes)) == rows(database_url, hashes)
    found = [state for url in shards for state in rows(url, STATE)]
    assert len(found) == len(ASINS)
    assert sorted(found, key=lambda s: s["asin"]) == rows(database_url, STATE)
    for number, url in enumerate(shards, start=1):
        for asin in rows(url, "select asin from worker_notifications where asin is not null"):
            assert shard_of(asin, 8) == number


def test_a_front_reads_all_shards(
    cluster: Cluster, shards: list[str], empty_database_url: str
) -> None:
    shards = shards[:4]
    reader = f"reader_{uuid.uuid4().hex[:8]}"
    cluster.sql(f"create role {reader} login password 'secret'; grant buybox_analyst to {reader}")
    readers = [u.replace(f"seller:{cluster.password}", f"{reader}:secret") for u in shards]
    cluster.sql(
        "create extension postgres_fdw; grant usage on foreign data wrapper postgres_fdw to seller",
        empty_database_url,
    )
    for asin in ASINS:
        for second in (1, 2):
            ingest(shards[shard_of(asin, 4) - 1], offer_changed(asin, second))
    assert ingest(shards[2], broken(1)) == ["failed"]
    settings = {"DATABASE_URL": empty_database_url, "READER_URLS": " ".join(readers)}
    for _ in range(2):
        done = run("db/front.py", **settings)
        assert (done.returncode, done.stderr) == (0, "")
        assert "secret" not in done.stdout

    with psycopg.connect(empty_database_url, autocommit=True) as front:

        def plan(query: str) -> str:
            return "\n".join(r[0] for r in front.execute(f"explain (verbose) {query}".encode()))

        def count(query: str) -> Any:
            return front.execute(f"select count(*) from {query}".encode()).fetchone()

        assert count("current_state") == count("item_now") == (36,)
        assert count("price_history") == (72,)
        assert count("open_failures") == (1,)
        assert count("severity_changes") == (
            sum(rows(u, "select count(*) from severity_changes")[0] for u in shards),
        )
        assert count("buy_box_changes('-infinity', 'infinity', 'B00')") == (0,)
        assert count("shards_away()") == (0,)
        for relation in ("current_state", "item_now", "price_history", "alerts", "item_days"):
            said = plan(f"select * from {relation} where asin = 'B00TEST000'")
            assert said.count("Async Foreign Scan") == 4, said
            assert said.count("((asin = 'B00TEST000'") == 4, said
        with pytest.raises(psycopg.Error):
            front.execute("delete from shard_1.current_state")
        front.execute("create role ui_" + reader + " in role buybox_ui")

    cluster.sql(f"alter database {name_of(shards[1])} allow_connections false")
    cluster.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        f" where datname = '{name_of(shards[1])}'"
    )
    with psycopg.connect(empty_database_url, autocommit=True) as front:
        away = front.execute("select shard from shards_away()").fetchall()
        assert away == [("shard_2",)]
        with pytest.raises(psycopg.OperationalError):
            front.execute("select * from current_state")
    assert run("db/front.py", **settings, EXCLUDE="2").returncode == 0
    with psycopg.connect(empty_database_url, autocommit=True) as front:
        assert front.execute("select count(*) from current_state").fetchone() == (27,)
        assert front.execute("select * from shards_away()").fetchall() == [
            ("shard_2", "left out by EXCLUDE")
        ]
    cluster.sql(f"alter database {name_of(shards[1])} allow_connections true")
    cluster.sql(f"drop role ui_{reader}; revoke buybox_analyst from {reader}; drop role {reader}")


def test_real_messages_go_through_eventbridge(sqs_endpoint: str) -> None:
    """moto evaluates suffix, exists and $or; not a list inside anything-but, nor numeric."""
    events, sqs = boto3.client("events", endpoint_url=sqs_endpoint), boto3.client("sqs")
    name = f"b-{uuid.uuid4().hex[:8]}"
    events.create_event_bus(Name=name)
    urls = [sqs.create_queue(QueueName=f"{name}-{n}")["QueueUrl"] for n in (1, 2, 3, 4)]
    for rule, (to, pattern) in rules(4).items():
        events.put_rule(Name=rule, EventBusName=name, EventPattern=json.dumps(pattern))
        arn = f"arn:aws:sqs:eu-west-1:123456789012:{name}-{to}"
        events.put_targets(Rule=rule, EventBusName=name, Targets=[{"Id": "q", "Arn": arn}])
    bodies = [offer_changed(asin, 1) for asin in ASINS] + [broken(1)]
    for body in bodies:
        entry = {"Source": "aws.partner/x", "DetailType": "y", "Detail": body, "EventBusName": name}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    for number, url in enumerate(urls, start=1):
        found: list[Any] = []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(m["Body"])["detail"] for m in got]
        wanted = [
            json.loads(body)
            for body in bodies
            if shard_of(next((a for a in ASINS if a in body), None), 4) == number
        ]
        assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_work_over_several_databases_says_which_are_done(shards: list[str]) -> None:
    for url in shards[:2]:
        with psycopg.connect(url) as connection:
            connection.execute("insert into own_sellers values (%s)", (f"S{name_of(url)}",))
    with psycopg.connect(shards[0]) as connection:
        connection.execute(
            "insert into severity_rules (name, success_max_position) values ('strict', 1)"
        )
    urls = " ".join(shards[:3])
    assert run("db/maintain.py share", DATABASE_URLS=urls).returncode == 0
    for table in ("severity_rules", "own_sellers", "alert_rules"):
        query = f"select to_jsonb(t) from {table} as t order by 1"
        assert rows(shards[0], query) == rows(shards[1], query) == rows(shards[2], query)

    broken_urls = f"{shards[0]} {shards[1].rpartition('/')[0]}/absent {shards[2]}"
    settings = {"RULES": "strict"}
    done = run("db/maintain.py activate", DATABASE_URLS=broken_urls, **settings)
    assert done.returncode == 1
    assert done.stdout.startswith("activate: shard 1 of 3: strict is in force")
    assert "activate: shard 2 of 3: " in done.stderr
    active = "select name from severity_rules where active"
    assert [rows(url, active) for url in shards[:3]] == [["strict"], ["default"], ["default"]]
    for _ in range(2):
        done = run("db/maintain.py activate", DATABASE_URLS=urls, **settings)
        assert (done.returncode, done.stdout.count("is in force")) == (0, 3)
    assert [rows(url, active) for url in shards[:3]] == [["strict"]] * 3
    for work in ("preview", "rerun", "rebuild", "rollup", "prune"):
        done = run(f"db/maintain.py {work}", DATABASE_URLS=urls, **settings)
        assert (done.returncode, done.stdout.count("of 3: ")) == (0, 3), done.stderr
