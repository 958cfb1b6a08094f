"""db/migrate.py as an operator runs it: the real script on real databases."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import notifications as n
import original
import psycopg
import pytest
from cluster import ENVIRONMENT, ROOT, Cluster
from migrate import MIGRATION_LOCK
from psycopg import errors

WaitUntil = Callable[..., None]
Rows = list[tuple[Any, ...]]
GROUP_ROLES = ("buybox_analyst", "buybox_relay", "buybox_ui")
MIGRATIONS = sorted(
    file.stem
    for file in (ROOT / "db" / "migrations").iterdir()
    if file.is_file() and ".rollback" not in file.name
)


def start(url: str | None, tree: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
    """db/migrate.py of this tree, on its way."""
    given = ENVIRONMENT | environment | ({} if url is None else {"DATABASE_URL": url})
    return subprocess.Popen(
        [sys.executable, "db/migrate.py"],
        cwd=tree,
        env=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(url: str | None, tree: Path = ROOT, **environment: str) -> tuple[int, str, str]:
    """Exit status, output and errors of db/migrate.py."""
    process = start(url, tree, **environment)
    output, error = process.communicate()
    return process.returncode, output, error


def migrate(url: str, tree: Path = ROOT, **environment: str) -> str:
    """The output of db/migrate.py, which must succeed."""
    status, output, error = run(url, tree, **environment)
    assert status == 0, output + error
    assert error == ""
    return output


def query(url: str, statement: str, *parameters: object) -> Rows:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


# Everything in the schema, in words: what it is, its definition, its comment, who may use it.
CATALOG = """
with relations as (
  select c.* from pg_class as c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'c')
)
select 'relation', c.relname, c.relkind::text, c.relrowsecurity::text,
  coalesce(pg_get_viewdef(case when c.relkind = 'v' then c.oid end), ''),
  array(select unnest(c.relacl)::text order by 1)::text
from relations as c
union all
select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
  concat_ws(' ', a.attnotnull, pg_get_expr(d.adbin, d.adrelid)),
  concat_ws(' ', a.attcollation::regcollation, a.attcompression)
from relations as c
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
union all
select 'constraint', c.relname, o.conname, pg_get_constraintdef(o.oid), o.convalidated::text, ''
from relations as c join pg_constraint as o on o.conrelid = c.oid
union all
select 'index', c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid::text, '', ''
from relations as c join pg_index as i on i.indrelid = c.oid
union all
select 'trigger', c.relname, pg_get_triggerdef(t.oid), t.tgenabled::text, '', ''
from relations as c join pg_trigger as t on t.tgrelid = c.oid and not t.tgisinternal
union all
select 'policy', tablename, policyname, roles::text, cmd, concat_ws(' / ', qual, with_check)
from pg_policies where schemaname = 'public'
union all
select 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid), '', '',
  array(select unnest(p.proacl)::text order by 1)::text
from pg_proc as p where p.pronamespace = 'public'::regnamespace
union all
select 'comment', i.type, i.identity, d.description, '', ''
from pg_description as d
cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) as i
where i.schema = 'public'
"""


def catalog(url: str) -> set[tuple[Any, ...]]:
    return set(query(url, CATALOG))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory with a copy of db/, to be changed."""
    shutil.copytree(ROOT / "db", tmp_path / "db", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def write_function(
    tree: Path,
    name: str,
    arguments: str = "a integer",
    returns: str = "integer",
    body: str = "return a",
) -> None:
    """Puts a function's file into a copy of db/."""
    types = re.sub(r"\w+ (\w+)( default \w+)?", r"\1", arguments)
    (tree / "db" / "functions" / "state" / f"{name}.sql").write_text(
        f"create or replace function {name}({arguments})\nreturns {returns}\n"
        f"language sql immutable\n{body};\n\ncomment on function {name}({types}) is\n'Mine.';\n"
    )


def functions(url: str, *names: str) -> list[str]:
    found = query(
        url,
        "select oid::regprocedure::text from pg_proc"
        " where proname = any(%s) and pronamespace = 'public'::regnamespace order by 1",
        list(names),
    )
    return [signature for (signature,) in found]


# A fresh database.


def test_a_fresh_database_is_ready_for_its_users(empty_database_url: str) -> None:
    url = empty_database_url
    output = migrate(url, AMAZON_SELLER_ID=" A1OWN ")
    assert re.findall(r"^migration (\S+)$", output, re.MULTILINE) == MIGRATIONS
    assert query(url, "select seller_id from own_sellers") == [("A1OWN",)]
    assert query(url, "select * from severity_rules where active") == [
        ("default", True, 3, 50, 10, 10, 20, 5, 10, 3)
    ]
    rights = query(
        url,
        "select has_function_privilege('buybox_relay', f, 'execute') from unnest(array["
        " 'ingest_notification(text,text)', 'ingest_order(text)']) as f"
        " union all select has_table_privilege('buybox_ui', 'current_state', 'select')"
        " union all select has_table_privilege('buybox_analyst', 'worker_notifications', 'select')",
    )
    assert rights == [(True,)] * 4


@pytest.mark.parametrize("seller", [{}, {"AMAZON_SELLER_ID": " "}])
def test_the_own_seller_is_the_originals_where_none_is_given(
    empty_database_url: str, seller: dict[str, str]
) -> None:
    migrate(empty_database_url, ROOT, **seller)
    assert query(empty_database_url, "select seller_id from own_sellers") == [(n.OWN_SELLER,)]


def test_every_run_says_whose_offers_are_yours(empty_database_url: str) -> None:
    url = empty_database_url
    assert re.search(rf"{n.OWN_SELLER}\nwarning: .* the original worker's", migrate(url))
    assert "warning" not in migrate(url, AMAZON_SELLER_ID=n.OWN_SELLER)
    other = migrate(url, AMAZON_SELLER_ID="A1OTHER")
    assert "warning: AMAZON_SELLER_ID is A1OTHER, which is none of them" in other
    query(url, "insert into own_sellers values ('A1OTHER')")
    output = migrate(url, AMAZON_SELLER_ID="A1OTHER")
    assert f"your sellers (own_sellers): A1OTHER, {n.OWN_SELLER}\n" in output
    assert "warning" not in output
    query(url, "delete from own_sellers")
    assert "your sellers (own_sellers): none\n" in migrate(url)


def test_repeated_it_changes_nothing(database_url: str) -> None:
    # A session that has called a function goes on calling it: so the function must stay itself.
    oids = "select oid, proname from pg_proc where pronamespace = 'public'::regnamespace order by 1"
    with psycopg.connect(database_url) as connection:
        n.ingest(connection, "m-1", n.text(n.pascal(n.OfferChange())))
        connection.execute("insert into own_sellers (seller_id) values ('A1SECOND')")
    contents = "select * from worker_notifications cross join current_state cross join own_sellers"
    before = catalog(database_url), query(database_url, oids), query(database_url, contents)
    assert len(before[2]) == 2
    output = migrate(database_url, AMAZON_SELLER_ID="A1ANOTHER")
    after = catalog(database_url), query(database_url, oids), query(database_url, contents)
    assert after == before
    assert not re.search(r"^migration ", output, re.MULTILINE)


# The original's database.

ORIGINAL_COLUMNS = {
    "worker_notifications": "id, message_id, dedupe_hash, asin, marketplace, raw_notification,"
    " notification_type, event_time, severity, status, processed_at, received_at, trace_id,"
    " worker_id, created_at",
    "current_state": "asin, marketplace, your_price, market_low, prime_low, your_position,"
    " total_offers, buy_box_winner, severity, last_notification_id, last_updated",
}
OLD_BODY = n.text(n.original(n.OfferChange(asin="B0OLD00001", offers=(n.Offer(),))))


def make_original(url: str, status_check: str = "", reference: str = "") -> None:
    """The original's tables with two notifications, their state and six rows of failures."""
    original.make_tables(url, status_check, reference)
    for number, body in enumerate([OLD_BODY, "{}"]):
        original.store(url, f"old-{number}", body, f"B0OLD0000{number + 1}")
    for message_id, failed, count, day in [
        ("broken", "first", 1, 1),
        ("broken", "last", 2, 9),
        ("broken", "between", None, 5),
        ("lonely", "only", 4, 3),
        (None, "unknown", 1, 1),
        (None, "unknown", 1, 1),
    ]:
        time = datetime(2024, 1, day, tzinfo=UTC)
        query(
            url,
            "insert into worker_failures (message_id, raw_message, error_type, error_message,"
            " failure_count, first_failed_at, last_failed_at)"
            " values (%s, '{}', 'Error', %s, %s, %s, %s)",
            *(message_id, failed, count, time, time),
        )


@pytest.mark.parametrize(
    ("status_check", "reference"),
    [(original.STATUS_CHECK, original.REFERENCE), ("", "")],
    ids=["strict", "loose"],
)
def test_the_originals_database_is_adopted_with_its_rows(
    database_url: str, empty_database_url: str, status_check: str, reference: str
) -> None:
    url = empty_database_url
    make_original(url, status_check, reference)
    kept = {
        table: query(url, f"select {columns} from {table} order by 1")
        for table, columns in ORIGINAL_COLUMNS.items()
    }
    migrate(url)

    for table, columns in ORIGINAL_COLUMNS.items():
        assert query(url, f"select {columns} from {table} order by 1") == kept[table]
    failures = query(
        url,
        "select message_id, error_message, failure_count, first_failed_at, last_failed_at"
        " from worker_failures order by 1 nulls last",
    )
    first, third, last = (datetime(2024, 1, day, tzinfo=UTC) for day in (1, 3, 9))
    assert failures == [
        ("broken", "last", 4, first, last),
        ("lonely", "only", 4, third, third),
        (None, "unknown", 1, first, first),
        (None, "unknown", 1, first, first),
    ]
    assert catalog(url) == catalog(database_url)

    # Life goes on: what the original stored is known, and its state is overtaken.
    stored_id = query(url, "select id from worker_notifications where message_id = 'old-0'")[0][0]
    with psycopg.connect(url) as connection:
        again = n.ingest(connection, "new-0", OLD_BODY)
        assert (again["outcome"], again["notification_id"]) == ("duplicate", stored_id)
        facts = n.OfferChange(asin="B0OLD00001", offers=(n.Offer(n.SELLER),))
        assert n.ingest(connection, "new-1", n.text(n.pascal(facts)))["outcome"] == "processed"
        assert n.ingest(connection, "broken", "no json")["outcome"] == "failed"
    state = "select item_condition, your_price, event_time from current_state where asin = %s"
    assert query(url, state, "B0OLD00001") == [("new", 10, n.START)]
    count = "select failure_count from worker_failures where message_id = 'broken'"
    assert query(url, count) == [(5,)]


def test_adopted_state_is_as_old_and_of_the_condition_of_its_notification(
    empty_database_url: str,
) -> None:
    url = empty_database_url
    make_original(url)
    used = n.OfferChange(asin="B0OLD00001", condition="Used", offers=(n.Offer(),))
    query(
        url,
        "update worker_notifications set raw_notification = %s where message_id = 'old-0'",
        n.text(n.pascal(used)),
    )
    migrate(url)
    with psycopg.connect(url) as connection:
        late = n.OfferChange(
            asin="B0OLD00001",
            condition="Used",
            offers=(n.Offer(n.SELLER),),
            event_time=datetime(2023, 12, 31, tzinfo=UTC),
        )
        assert n.ingest(connection, "late", n.text(n.pascal(late)))["outcome"] == "stale"
    state = "select item_condition, your_price::text from current_state where asin = 'B0OLD00001'"
    assert query(url, state) == [("used", "12.34")]


@pytest.mark.parametrize("key", ["", ", unique (asin, marketplace)"], ids=["no key", "unique"])
def test_an_original_without_its_keys_gets_them(
    database_url: str, empty_database_url: str, key: str
) -> None:
    url = empty_database_url
    make_original(url)
    query(url, "alter table current_state drop constraint current_state_pkey")
    if key:
        query(url, "alter table current_state add unique (asin, marketplace)")
    for column in ("message_id", "dedupe_hash"):
        query(
            url,
            f"alter table worker_notifications drop constraint worker_notifications_{column}_key",
        )
    migrate(url)
    assert catalog(url) == catalog(database_url)


def test_the_originals_rows_that_break_a_rule_are_kept_and_new_ones_refused(
    empty_database_url: str,
) -> None:
    url = empty_database_url
    make_original(url)
    query(url, "update worker_notifications set status = 'done', severity = 'bad'")
    query(url, "update current_state set last_notification_id = gen_random_uuid()")
    output = migrate(url)
    for name in ("worker_notifications_status_check", "current_state_last_notification_id_fkey"):
        assert name in output
    assert query(url, "select distinct status from worker_notifications") == [("done",)]
    assert query(url, "select count(*) from current_state") == [(2,)]
    with pytest.raises(errors.CheckViolation):
        query(
            url,
            "insert into worker_notifications (message_id, dedupe_hash, raw_notification, status)"
            " values ('m', 'h', '{}', 'done')",
        )
    with pytest.raises(errors.ForeignKeyViolation):
        query(
            url,
            "insert into current_state (asin, last_notification_id)"
            " values ('B0NEW', gen_random_uuid())",
        )
    migrate(url)


# Functions and views are what their files say.


def test_a_function_or_view_that_was_changed_or_dropped_by_hand_is_restored(
    database_url: str,
) -> None:
    before = catalog(database_url)
    ((parameters,),) = query(
        database_url,
        "select pg_get_function_arguments(oid) from pg_proc where proname = 'is_outage'",
    )
    query(
        database_url,
        f"create or replace function is_outage({parameters}) returns boolean return true;"
        " drop function retry_failures();"
        " drop view open_failures;"
        " grant execute on function ingest_notification(text, text) to public",
    )
    assert catalog(database_url) != before
    migrate(database_url)
    assert catalog(database_url) == before


def test_what_no_file_owns_any_more_is_dropped_and_what_others_made_is_kept(
    database_url: str, tree: Path
) -> None:
    # The caller comes first by name; both stand on each other when they are dropped.
    write_function(tree, "zz_base")
    write_function(tree, "aa_caller", body="return zz_base(a)")
    (tree / "db" / "views" / "aa_view.sql").write_text(
        "create or replace view aa_view as select aa_caller(1) as one;\n\n"
        "comment on view aa_view is\n'Mine.';\n"
    )
    before = catalog(database_url)
    migrate(database_url, tree)
    query(database_url, "create function analysts_own() returns integer return 1")
    query(database_url, "create view analysts_view as select asin from current_state")
    assert query(database_url, "select one from aa_view") == [(1,)]

    migrate(database_url)
    assert functions(database_url, "zz_base", "aa_caller", "analysts_own") == ["analysts_own()"]
    assert query(database_url, "select * from analysts_view") == []
    query(database_url, "drop function analysts_own; drop view analysts_view")
    assert catalog(database_url) == before


def test_an_overload_left_behind_is_dropped(database_url: str, tree: Path) -> None:
    query(database_url, "create function is_outage(code integer) returns boolean return true")
    migrate(database_url)
    assert functions(database_url, "is_outage") == ["is_outage(text)"]

    # An argument with a default makes another function, beside the one that callers stand on.
    write_function(tree, "zz_base")
    write_function(tree, "aa_caller", body="return zz_base(a)")
    migrate(database_url, tree)
    write_function(tree, "zz_base", "a integer, b integer default 5", body="return a + b")
    migrate(database_url, tree)
    assert functions(database_url, "zz_base") == ["zz_base(integer,integer)"]
    assert query(database_url, "select aa_caller(1)") == [(6,)]


@pytest.mark.parametrize(
    ("arguments", "returns", "call", "result"),
    [
        ("a integer", "bigint", "pg_typeof(zz_base(1))::text", "bigint"),
        ("other integer", "integer", "zz_base(other => 1)::text", "1"),
    ],
    ids=["return type", "parameter name"],
)
def test_a_function_that_cannot_be_replaced_is_made_again(
    database_url: str, tree: Path, arguments: str, returns: str, call: str, result: str
) -> None:
    without = catalog(database_url)
    write_function(tree, "zz_base")
    write_function(tree, "aa_caller", body="return (zz_base(a)::text <> '')::integer")
    migrate(database_url, tree)
    write_function(tree, "zz_base", arguments, returns, f"return {arguments.split()[0]}")
    migrate(database_url, tree)
    assert query(database_url, f"select {call}, aa_caller(1)") == [(result, 1)]
    # Everything else came back as it was, rights included.
    mine = {"zz_base(integer)", "aa_caller(integer)"}
    others = {row for row in catalog(database_url) if not mine & {row[1], row[2][7:]}}
    assert others == without


def test_a_view_with_other_columns_is_made_again(database_url: str, tree: Path) -> None:
    view = tree / "db" / "views" / "aa_view.sql"
    text = "create or replace view aa_view as select {};\n\ncomment on view aa_view is\n'Mine.';\n"
    view.write_text(text.format("1 as a, 2 as b"))
    migrate(database_url, tree)
    view.write_text(text.format("3 as b"))
    migrate(database_url, tree)
    assert query(database_url, "select * from aa_view") == [(3,)]


@pytest.mark.parametrize(
    "broken",
    ["select nonsense", "return zz_nowhere(a)", "returns returns"],
)
def test_a_broken_function_deploys_nothing_and_is_named(
    database_url: str, tree: Path, broken: str
) -> None:
    before = catalog(database_url)
    write_function(tree, "aa_good")
    write_function(tree, "mm_broken", body=broken)
    write_function(tree, "zz_caller", body="return mm_broken(a)")
    status, _, error = run(database_url, tree)
    assert status == 1
    assert "mm_broken.sql" in error
    assert "Traceback" not in error
    assert catalog(database_url) == before


# Migrations.


def test_an_applied_migration_that_was_edited_is_refused_by_name(
    database_url: str, tree: Path
) -> None:
    migrations = tree / "db" / "migrations"
    (migrations / "9999.pending.sql").write_text("create table pending ();\n")
    with (migrations / "0002.severity-rules.sql").open("a") as file:
        file.write("-- a remark\n")
    before = catalog(database_url)
    status, _, error = run(database_url, tree)
    assert status == 1
    assert "0002.severity-rules" in error
    assert len(error.splitlines()) == 1
    assert catalog(database_url) == before


def test_a_migration_that_fails_leaves_nothing_and_says_why(database_url: str, tree: Path) -> None:
    file = tree / "db" / "migrations" / "9999.new.sql"
    file.write_text("create table first_half ();\n\nselect 1 / 0;\n")
    before = catalog(database_url)
    status, _, error = run(database_url, tree)
    assert status == 1
    assert "division by zero" in error
    assert "Traceback" not in error
    assert catalog(database_url) == before

    file.write_text("create table first_half ();\n")
    assert "migration 9999.new" in migrate(database_url, tree)
    assert query(database_url, "select * from first_half") == []


def yoyo(command: str, url: str, *options: str) -> None:
    """Runs yoyo's own command on the migrations."""
    options += ("--batch", "--no-config-file", "--database")
    yoyo_url = url.replace("postgresql://", "postgresql+psycopg://")
    done = subprocess.run(
        [sys.executable, "-m", "yoyo", command, *options, yoyo_url, "db/migrations"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_from_each_earlier_migration_it_ends_in_the_same_catalog(
    cluster: Cluster, database_url: str
) -> None:
    for migration in MIGRATIONS[:-1]:
        url = cluster.create_database()
        yoyo("apply", url, "--revision", migration)
        migrate(url)
        assert catalog(url) == catalog(database_url), migration
        cluster.drop_database(url)


def test_schema_sql_is_what_the_migrations_make(database_url: str, empty_database_url: str) -> None:
    url = empty_database_url
    query(url, (ROOT / "db" / "schema.sql").read_text())
    tables = {row[1] for row in catalog(url) if row[0] == "relation"}
    assert "current_state" in tables

    def of_tables(url: str) -> set[tuple[Any, ...]]:
        """Without triggers and compression, and parentheses and casts, which parsing moves."""
        kinds = ("column", "constraint", "index")
        rows = [row[:5] for row in catalog(url) if row[0] in kinds and row[1] in tables]
        rows = [row for row in rows if not row[3].startswith("TRIGGER")]
        return {tuple(re.sub(r"[()]|::\w+", "", text) for text in row) for row in rows}

    assert of_tables(url) == of_tables(database_url)
    ((others,),) = query(
        database_url,
        "select array_agg(tablename::text) from pg_tables"
        " where schemaname = 'public' and not tablename = any(%s)",
        list(tables),
    )
    assert {name for name in others if "yoyo" not in name} == {"_deployed"}


def test_rolled_back_nothing_of_ours_is_left_and_it_migrates_again(
    database_url: str, empty_database_url: str
) -> None:
    url = empty_database_url
    migrate(url)
    yoyo("rollback", url, "--all")
    ours = [row for row in catalog(url) if not re.search("yoyo|_deployed", " ".join(row))]
    assert ours == []
    migrate(url)
    assert catalog(url) == catalog(database_url)


def test_two_migrations_at_once_wait_for_each_other(
    database_url: str, empty_database_url: str, wait_until: WaitUntil
) -> None:
    url = empty_database_url
    waiting = "select pid from pg_locks where locktype = 'advisory' and not granted"
    with psycopg.connect(url) as holder:
        holder.execute("select pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        both = [start(url), start(url)]
        wait_until(lambda: len(query(url, waiting)) == 2, what="both to wait")
    ends = [(process.communicate(), process.returncode) for process in both]
    assert [status for _, status in ends] == [0, 0], ends
    assert all("waiting" in output for (output, _), _ in ends)
    assert catalog(url) == catalog(database_url)


@pytest.mark.parametrize(
    "held",
    ["select pg_advisory_xact_lock(42)", "lock table _yoyo_migration in exclusive mode"],
    ids=["in its midst", "before it is noted"],
)
def test_kill_9_in_a_migration_does_not_block_the_next(
    database_url: str, tree: Path, wait_until: WaitUntil, held: str
) -> None:
    (tree / "db" / "migrations" / "9999.long.sql").write_text(
        "create table long ();\n\nselect pg_advisory_xact_lock(42);\n"
    )
    waiting = "select pid from pg_locks where not granted"
    with psycopg.connect(database_url) as holder:
        holder.execute(held)
        process = start(database_url, tree)
        wait_until(lambda: query(database_url, waiting), what="the migration to be under way")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    migrate(database_url, tree)
    assert query(database_url, "select * from long") == []
    assert "migrations: all" in migrate(database_url, tree)


# Roles.


@pytest.fixture
def other_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A server of this test's own, on which nobody has made the roles yet."""
    with Cluster(request.config.getoption("--postgres")) as cluster:
        yield cluster


def test_a_user_who_may_not_create_roles_migrates_with_a_notice(other_cluster: Cluster) -> None:
    cluster = other_cluster
    cluster.sql("create role limited login password 'limited'")
    cluster.sql("create database limited owner limited")
    url = f"postgresql://limited:limited@127.0.0.1:{cluster.port}/limited"
    roles = "select rolname from pg_roles where rolname like 'buybox%' order by 1"
    output = migrate(url)
    for role in GROUP_ROLES:
        assert role in output
    assert query(url, roles) == []
    with psycopg.connect(url) as connection:
        row = n.ingest(connection, "m-1", n.text(n.pascal(n.OfferChange())))
        assert row["outcome"] == "processed"

    # Once somebody else made them, they get their rights.
    for role in GROUP_ROLES:
        cluster.sql(f"create role {role}")
    migrate(url)
    rights = query(url, "select has_table_privilege('buybox_ui', 'current_state', 'select')")
    assert rights == [(True,)]


def test_a_role_that_another_migration_makes_meanwhile_is_taken_as_it_is(
    other_cluster: Cluster, wait_until: WaitUntil
) -> None:
    url = other_cluster.create_database()
    waiting = "select pid from pg_locks where not granted"
    with psycopg.connect(other_cluster.superuser_url(url)) as another:
        another.execute("create role buybox_relay")
        process = start(url)
        wait_until(lambda: query(url, waiting), what="both to make the same role")
    output, error = process.communicate()
    assert (process.returncode, error) == (0, ""), output
    right = "select has_function_privilege('buybox_relay', 'ingest_order(text)', 'execute')"
    assert query(url, right) == [(True,)]


# How it is called.


@pytest.mark.parametrize("url", [None, "", "mysql://seller:secret@localhost/db", "localhost"])
def test_without_a_usable_database_url_it_says_so_and_exits_2(url: str | None) -> None:
    status, output, error = run(url)
    assert (status, output) == (2, "")
    assert "DATABASE_URL" in error
    assert "secret" not in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_url_as_hosts_give_it_works_with_any_password(
    cluster: Cluster, empty_database_url: str, scheme: str
) -> None:
    role, password = f"odd_{scheme}", "p@ss:w/rd%41+ ?#'"
    name = empty_database_url.rpartition("/")[2]
    quoted = password.replace("'", "''")
    cluster.sql(f"create role {role} login password '{quoted}'")
    cluster.sql(f"alter database {name} owner to {role}")
    host = f"127.0.0.1:{cluster.port}"
    url = f"{scheme}://{role}:{quote(password, safe='')}@{host}/{name}?sslmode=prefer"
    migrate(url)
    assert "applied already" in migrate(url)
    cluster.sql(f"alter database {name} owner to seller")


def test_a_url_may_name_several_hosts(cluster: Cluster, empty_database_url: str) -> None:
    """As those of a server with a standby do; the first that answers is taken."""
    hosts = f"127.0.0.1:1,127.0.0.1:{cluster.port}"
    migrate(empty_database_url.replace(f"127.0.0.1:{cluster.port}", hosts))


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_message_is_refused(
    cluster: Cluster, encoding: str
) -> None:
    cluster.sql(
        f"create database {encoding} owner seller template template0"
        f" encoding '{encoding}' locale 'C'"
    )
    url = f"postgresql://seller:{cluster.password}@127.0.0.1:{cluster.port}/{encoding.lower()}"
    status, output, error = run(url)
    assert (status, output) == (1, "")
    assert f"the database's encoding is {encoding}" in error
    assert len(error.splitlines()) == 1
    cluster.drop_database(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://seller:{secret}@127.0.0.1:{port}/postgres",
        "postgresql://seller:{secret}@127.0.0.1:1/postgres",
        "postgresql://seller:{secret}@127.0.0.1:port/postgres",
        "postgresql://seller:{secret}%zz@127.0.0.1:{port}/postgres",
        "postgresql://seller:{secret}@127.0.0.1:{port}/postgres?sslmode=nonsense",
        "postgresql://seller:{secret}@127.0.0.1:{port}/postgres?nonsense=1",
        "postgresql://seller:{secret}@[127.0.0.1:{port}/postgres",
    ],
    ids=["password", "nobody there", "port", "escape", "sslmode", "option", "bracket"],
)
def test_a_failed_connection_never_prints_the_password(cluster: Cluster, url: str) -> None:
    secret = "hunter2"
    status, output, error = run(url.format(secret=secret, port=cluster.port))
    assert status in (1, 2)
    assert secret not in output + error
    assert "Traceback" not in error
    assert error
