"""Several databases: how EventBridge splits items, moving them, and reading across."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from cluster import ROOT, Cluster, name_of
from moto.events.models import EventPattern
from pages import PageProcess
from sqs import broken, offer_changed
from test_aws import blocks

from tools.shards import CHARACTERS, PATHS, at, compact, rules, shard_of

ASINS = [f"B00TEST{n:02}{c}" for n, c in enumerate(CHARACTERS)]


@pytest.mark.parametrize("shards", range(2, 37))
def test_rules_send_every_event_to_one_queue(shards: int) -> None:
    """By moto's filters. Amazon's own matcher (aws/event-ruler) said the same of all of them."""
    made = {
        name: (to, EventPattern(None, pattern)) for name, (to, pattern) in rules(shards).items()
    }

    def queues(detail: Any) -> set[int]:
        event: Any = {"detail": detail}
        return {to for to, pattern in made.values() if pattern.matches_event(event)}

    odd = ["B00x", "B00X ", "", "B00-", "é", 7, 0.5, 1e10, None, True, False]
    for number, asin in enumerate([*ASINS, *odd] * 2):
        path = PATHS[(number + shards) % len(PATHS)]
        wanted = shard_of(asin if isinstance(asin, str) else None, shards)
        assert queues(at(path, asin)) == {wanted}, (path, asin)
    detail: Any
    for detail in (
        {},
        {"Payload": {}},
        {"Payload": 3},
        {"payload": None},
        {"Payload": {"Asin": "B"}},
    ):
        assert queues(detail) == {1}, detail
    assert {to for to, _ in made.values()} == set(range(1, shards + 1))
    # AWS's default quotas: characters of a pattern, and rules of a bus.
    assert max(len(compact(pattern)) for _, pattern in rules(shards).values()) <= 2048
    assert len(made) <= 100


def test_twice_as_many_shards_split_each_in_two() -> None:
    for shards in range(2, 19):
        assert all((shard_of(a, shards * 2) - 1) % shards + 1 == shard_of(a, shards) for a in ASINS)


@pytest.mark.parametrize("number", ["", "1", "37", "four"])
def test_another_number_of_shards_is_refused(number: str) -> None:
    done = run(f"tools/shards.py {number}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "from 2 to 36" in done.stderr


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


def split(*urls: str) -> str:
    done = run("db/split.py", DATABASE_URLS=" ".join(urls))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()[-1]


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [row for (row,) in connection.execute(query.encode())]


STATE = "select to_jsonb(c) - 'last_notification_id' - 'last_updated' from current_state as c"
DAYS = "select to_jsonb(d) from item_days as d"


def test_a_live_database_splits_and_splits_again(
    shards: list[str], database_url: str, in_background: Callable[..., "Future[Any]"]
) -> None:
    day = 24 * 60 * 60
    bodies = [offer_changed(asin, second * day // 2) for second in range(4) for asin in ASINS]
    bodies += [json.dumps({"NotificationType": "REPORT", "n": 1})]
    ingest(database_url, *bodies)
    ingest(shards[0], *bodies[: len(bodies) // 2], bodies[-1])
    assert rows(shards[0], "select roll_up_days('2026-01-02')") != [0]
    sent = len(bodies) // 2

    for number, until in ((4, 3 * len(bodies) // 4), (8, len(bodies))):

        def keep_ingesting(number: int, start: int, stop: int) -> None:
            for body in bodies[start:stop]:
                asin = next((a for a in ASINS if a in body), None)
                ingest(shards[shard_of(asin, number) - 1], body)
            # what the old queue still held, or comes twice
            ingest(shards[0], *bodies[start - 5 : start])

        feeding = in_background(keep_ingesting, number, sent, until)
        while not (feeding.done() and split(*shards[:number]) == "split: 0 items moved"):
            split(*shards[:number])
        feeding.result()
        sent = until

    for url in (database_url, *shards):
        rows(url, "select roll_up_days('2026-01-04')")
    hashes = "select dedupe_hash from worker_notifications"
    for query in (hashes, STATE, DAYS):
        assert sorted(str(row) for url in shards for row in rows(url, query)) == sorted(
            str(row) for row in rows(database_url, query)
        )
    for number, url in enumerate(shards, start=1):
        for table in ("worker_notifications", "current_state", "item_days"):
            asins = rows(url, f"select asin from {table} where asin is not null")
            assert {shard_of(asin, 8) for asin in asins} == {number}


def test_a_move_that_ends_between_its_commits_is_finished_by_the_next(shards: list[str]) -> None:
    source, target = shards[:2]
    asin = ASINS[1]  # of shard 2
    ingest(source, *(offer_changed(asin, second) for second in range(3)))
    with psycopg.connect(source) as connection:
        connection.execute(
            """
            insert into items (asin, title) values ($1, 'Tea');
            insert into unreadable_notifications select id from worker_notifications limit 1;
            insert into alert_deliveries (channel, alert_ids, title, body)
            values ('default', '{}', 'Tea', 'lost');
            insert into alerts (
              rule, kind, asin, marketplace, item_condition, headline, details, status, delivery_id
            )
            select v.status, 'undercut', $1, 'm', 'new', 'h', '{}', v.status, d.id
            from alert_deliveries as d
            cross join (values ('sent'), ('pending')) as v (status);
            create function refuse_commit() returns trigger language plpgsql
            as 'begin raise exception ''no''; end';
            create constraint trigger refuse_commit after delete on worker_notifications
            deferrable initially deferred for each row execute function refuse_commit();
            """.replace("$1", f"'{asin}'").encode()
        )
    with psycopg.connect(target) as connection:
        connection.execute(
            f"""
            alter database {name_of(target)} set synchronous_commit = off;
            create function note_commit() returns trigger language plpgsql as '
              begin new.sku := current_setting(''synchronous_commit''); return new; end
            ';
            create trigger note_commit before insert on items
            for each row execute function note_commit();
            """.encode()
        )
    done = run("db/split.py", DATABASE_URLS=f"{source} {target}")
    assert (done.returncode, done.stderr) == (1, f"split: {asin}: no\n")
    notified = "select asin from worker_notifications"
    assert rows(source, notified) == rows(target, notified) == [asin] * 3

    with psycopg.connect(source) as connection:
        connection.execute("drop function refuse_commit cascade")
    ingest(target, offer_changed(asin, 3))
    assert split(source, target) == "split: 1 items moved"
    assert split(source, target) == "split: 0 items moved"
    assert rows(source, notified) == rows(source, "select asin from current_state") == []
    assert rows(target, notified) == [asin] * 4
    assert rows(target, "select your_price::text from current_state") == ["10.03"]
    # What is deleted here must be durable there.
    assert rows(target, "select title || sku from items") == ["Teaon"]
    assert rows(target, "select count(*) from unreadable_notifications") == [1]
    # One that is in a delivery is told from where it is, and follows when it was.
    assert rows(target, "select status from alerts") == ["sent"]
    assert rows(source, "select status from alerts") == ["pending"]
    with psycopg.connect(source) as connection:
        connection.execute("update alerts set status = 'sent'")
    assert split(source, target) == "split: 1 items moved"
    assert rows(target, "select status from alerts") == ["sent", "sent"]


def test_days_go_on_where_the_other_shard_was_rolled_up_less_far(
    shards: list[str], database_url: str
) -> None:
    source, target = shards[:2]
    moving, staying = ASINS[1], ASINS[3]  # both of shard 2
    for url, asins in ((source, [moving]), (target, [staying]), (database_url, [moving, staying])):
        ingest(url, *(offer_changed(asin, 1) for asin in asins))
    rows(source, "select roll_up_days('2026-01-05')")
    rows(target, "select roll_up_days('2026-01-02')")
    assert split(source, target) == "split: 1 items moved"
    for url in (target, database_url):
        rows(url, "select roll_up_days('2026-01-06')")
    order = " order by asin, day"
    assert rows(target, DAYS + order) == rows(database_url, DAYS + order)


def test_moves_in_opposite_ways_wait_in_one_order(
    shards: list[str],
    in_background: Callable[..., "Future[Any]"],
    wait_until: Callable[..., None],
) -> None:
    first, second = shards[:2]
    ingest(second, offer_changed(ASINS[0], 1))  # of shard 1
    locks = (
        "select granted from pg_locks where locktype = 'advisory' and database ="
        " (select oid from pg_database where datname = current_database())"
    )
    with psycopg.connect(first) as holder:
        holder.execute("select begin_maintenance()")
        moving = in_background(split, first, second)
        wait_until(lambda: False in rows(first, locks), what="the move to wait")
        assert rows(second, locks) == []  # it holds nothing that a move the other way waits for
    assert moving.result() == "split: 1 items moved"


def test_a_front_reads_all_shards(cluster: Cluster, shards: list[str], database_url: str) -> None:
    shards = shards[:4]
    prepare, login = blocks("sql", "scale.md")
    reader = f"front_{uuid.uuid4().hex[:8]}"
    cluster.sql(login.replace("…", "secret").replace("role front", f"role {reader}"))
    readers = [u.replace(f"seller:{cluster.password}", f"{reader}:secret") for u in shards]
    asins = [*ASINS, "B0DEMO0012", "B0DEMO0041", "B0DEMO0058"]  # docs/ui.md asks for these
    for asin in asins:
        lost = offer_changed(asin, 1)
        won = offer_changed(asin, 2).replace('"IsF', '"IsBuyBoxWinner": true, "IsF', 1)
        ingest(shards[shard_of(asin, 4) - 1], lost, won)
        ingest(database_url, lost, won)
    assert ingest(shards[2], broken(1)) == ["failed"]

    with Cluster("system") as server:  # the embedded one has no postgres_fdw
        url = server.create_database()
        server.sql(prepare.replace("to owner", "to seller"), url)
        server.sql("create role ui login password 'secret' in role buybox_ui")
        pages = [f"https://shard-{number}.example" for number in range(1, 5)]
        settings = {"DATABASE_URL": url, "READER_URLS": " ".join(readers)}
        settings["PAGE_URLS"] = " ".join(pages)
        for _ in range(2):
            done = run("db/front.py", **settings)
            assert (done.returncode, done.stderr) == (0, "")

        with psycopg.connect(url.replace(f"seller:{server.password}", "ui:secret")) as ui:
            queries = blocks("sql", "ui.md")
            assert len(queries) == 2
            for query in queries:
                with psycopg.connect(database_url) as one:
                    wanted = one.execute(query.encode()).fetchall()
                assert wanted
                assert ui.execute(query.encode()).fetchall() == wanted
            for forbidden in ("alerts", "shard_1.current_state", "front_shards"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), ui.transaction():
                    ui.execute(f"select from {forbidden}".encode())

        for relation in (
            *("current_state", "item_now", "price_history", "severity_changes"),
            *(
                "buy_box_changes('-infinity', 'infinity')",
                "buy_box_changes('2026-01-01', 'now', 'B')",
            ),
            f"buy_box_changes('2026-01-01', 'now', '{ASINS[1]}')",
        ):
            count = f"select count(*) from {relation}"
            assert rows(url, count) == rows(database_url, count), relation
        assert rows(url, "select count(*) from open_failures") == [1]
        for asin in (*asins, "B00x", "é", ""):
            leads = rows(url, f"select shard_page('{asin}')")
            assert leads == [pages[shard_of(asin, 4) - 1]], asin
        with PageProcess(DATABASE_URL=url) as page:
            shown = page.ask("/").text
            assert page.ask("/open_failures").status == 200
        for asin in asins:
            assert f'href="{pages[shard_of(asin, 4) - 1]}/item?asin={asin}&amp;' in shown
        for relation in ("current_state", "item_now", "price_history", "alerts", "item_days"):
            plan = "\n".join(
                rows(url, f"explain (verbose) select * from {relation} where asin = 'B00TEST000'")
            )
            assert plan.count("Async Foreign Scan") == plan.count("((asin = 'B00TEST000'") == 4
        with psycopg.connect(url) as owner, pytest.raises(psycopg.Error):
            owner.execute("delete from shard_1.current_state")

        state = "select count(*) from current_state"
        assert rows(url, "show statement_timeout") == ["30s"]
        with psycopg.connect(shards[1]) as hanging, psycopg.connect(url) as front:
            hanging.execute("lock table current_state in access exclusive mode")
            front.execute("set statement_timeout = '1s'")
            with pytest.raises(psycopg.errors.QueryCanceled):
                front.execute(state.encode())
            front.close()
            done = run("db/front.py", **settings)
            assert done.returncode == 1
            assert done.stderr.startswith("front: shard 2 is away: canceling statement")
            done = run("db/front.py", **settings, EXCLUDE="2")
            assert (done.returncode, done.stderr) == (0, "")
            there = [asin for asin in asins if shard_of(asin, 4) != 2]
            assert rows(url, state) == [len(there)]
            assert rows(url, "select shard from front_shards where not is_read") == ["shard_2"]

        assert run("db/front.py", **settings).returncode == 0
        assert rows(url, state) == [len(asins)]
        cluster.sql(f"alter database {name_of(shards[1])} allow_connections false")
        with pytest.raises(psycopg.OperationalError, match='server "shard_2"'):
            rows(url, state)
    cluster.sql(f"drop role {reader}")


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
