"""Who may do what, shown by trying it as each role, on a server whose owner is no superuser."""

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any, LiteralString

import notifications as n
import psycopg
import pytest
from cluster import Cluster
from psycopg import errors, sql

Connection = psycopg.Connection[Any]
Connect = Callable[[str], Connection]

ROLES = ("buybox_relay", "buybox_ui", "buybox_analyst", "buybox_alerter", "buybox_page")
NOBODY = "nobody"  # a login without any of them
LOGINS = (*ROLES, NOBODY)

# The functions that are documented for analysts, with harmless arguments. price_history and its
# like are views.
FOR_ANALYSTS: tuple[LiteralString, ...] = (
    "select calculate_severity(10, 9, 4, 5, false, 'default')",
    "select * from extract_offers((select raw_notification from worker_notifications))",
    "select * from analyze_notification((select raw_notification from worker_notifications))",
    "select * from explain_severity('m-1')",
    "select * from preview_severity('default', '-infinity', 'infinity')",
    "select * from rerun_severity()",
    "select rebuild_current_state()",
    "select rebuild_current_state('B0TEST0001')",
    "select activate_severity_rules('default')",
    "select * from buy_box_share('-infinity', 'infinity')",
    "select * from retry_failure('m-2')",
    "select * from retry_failures()",
    "select * from offer_changes('-infinity', 'infinity')",
    "select * from buy_box_changes('-infinity', 'infinity')",
    "select * from competitors('-infinity', 'infinity')",
    "select * from price_to_win()",
    "select * from explain_item('B0TEST0001')",
    "select roll_up_days()",
    "select * from preview_alerts('critical', '-infinity', 'infinity')",
    "select retry_deliveries()",
)
FOR_THE_RELAY: tuple[LiteralString, ...] = (
    "select * from ingest_notification('m-3', '{}')",
    "select ingest_order('{}')",
)
FOR_THE_ALERTER: tuple[LiteralString, ...] = (
    "select * from claim_alerts('{default}')",
    "select finish_alert(1, 1, 'sent')",
)
FOR_THE_PAGE: tuple[LiteralString, ...] = (
    "select * from page_items()",
    "select * from page_item_chart('B0TEST0001')",
)
FOR_THE_OPERATOR: tuple[LiteralString, ...] = (
    "select prune_notifications('90 days')",
    "select record_failures('{}', '{}')",
)
# What writes with the owner's rights.
WRITING_FOR_ANALYSTS = {
    "rerun_severity",
    "rebuild_current_state",
    "activate_severity_rules",
    "retry_failure",
    "retry_failures",
    "roll_up_days",
    "retry_deliveries",
}
VIEWS_OF_ANALYSTS = {
    "price_history",
    "severity_changes",
    "open_failures",
    "ingest_stats",
    "item_now",
    "buy_box_history",
    "days_report",
}
TABLES = {
    "worker_notifications",
    "current_state",
    "worker_failures",
    "severity_rules",
    "own_sellers",
}


@pytest.fixture(scope="module")
def passwords(cluster: Cluster) -> dict[str, str]:
    """The password of a login for each of LOGINS, which the owner made: login_buybox_relay, …."""
    url = cluster.create_database(migrated=True)
    made = {}
    with psycopg.connect(url, autocommit=True) as owner:
        for role in LOGINS:
            made[role] = secrets.token_hex(8)
            name = sql.Identifier(f"login_{role}")
            statement = sql.SQL("create role {} login password {}")
            owner.execute(statement.format(name, sql.Literal(made[role])))
            if role != NOBODY:
                owner.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), name))
    cluster.drop_database(url)
    return made


@pytest.fixture
def connect(database_url: str, passwords: dict[str, str]) -> Iterator[Connect]:
    """Opens sessions in autocommit on this test's database, as the login with this role."""
    opened: list[Connection] = []

    def connect(role: str) -> Connection:
        user, password = f"login_{role}", passwords[role]
        session = psycopg.connect(database_url, autocommit=True, user=user, password=password)
        opened.append(session)
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def fill(db: Connection) -> None:
    """Stores a message, m-1, and fails one, m-2."""
    offers = (n.Offer(n.SELLER), n.Offer())
    assert n.ingest(db, "m-1", n.text(n.pascal(n.OfferChange(offers=offers))))["acknowledge"]
    assert not n.ingest(db, "m-2", "no json")["acknowledge"]


def attempt(session: Connection, statement: LiteralString | sql.Composed) -> str | None:
    """The SQLSTATE that a statement ends with, None where it works; it is undone in any case."""
    try:
        with session.transaction(force_rollback=True):
            session.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate
    return None


DENIED = errors.InsufficientPrivilege.sqlstate


def relations(db: Connection) -> dict[str, str]:
    """Every table, view and sequence of ours by name, with its kind."""
    found = db.execute(
        "select relname, relkind from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p', 'S', 'f')"
    )
    return dict(found.fetchall())


def test_the_owner_is_no_superuser(db: Connection) -> None:
    """Or else the tests below would show little."""
    owner = "select rolsuper, rolbypassrls, current_user from pg_roles where rolname = current_user"
    assert db.execute(owner).fetchall() == [(False, False, "seller")]
    made = db.execute(
        "select rolname, rolsuper, rolcanlogin, rolcreaterole, rolcreatedb, rolbypassrls"
        " from pg_roles where rolname like 'buybox%' order by rolname"
    ).fetchall()
    assert made == [(role, *[False] * 5) for role in sorted(ROLES)]


@pytest.mark.parametrize("role", LOGINS)
def test_may_read_and_write_these_tables_and_views_only(
    db: Connection, connect: Connect, role: str
) -> None:
    fill(db)
    session = connect(role)
    found = relations(db)
    assert set(found) >= TABLES | VIEWS_OF_ANALYSTS
    readable = {
        "buybox_ui": {"current_state"},
        # Everything but what keeps the books of the migrations.
        "buybox_analyst": {name for name, kind in found.items() if kind != "S"},
    }.get(role, set())
    writable = {"severity_rules", "items", "alert_rules"} if role == "buybox_analyst" else set()
    wrong = []
    for name, kind in found.items():
        column = db.execute(
            # an identity may not be updated by anybody
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and attidentity = '' order by attnum limit 1",
            (name,),
        ).fetchone()
        assert column
        names = {"t": sql.Identifier(name), "c": sql.Identifier(column[0]), "n": sql.Literal(name)}
        ability = {
            "select": name in readable,
            "insert": name in writable,
            "update": name in writable,
            "delete": name in writable,
            "truncate": False,
            "lock": name in writable,
            "use": False,
        }
        statements: dict[str, LiteralString] = {
            "select": "select {c} from {t} limit 1",
            "insert": "insert into {t} default values",
            "update": "update {t} set {c} = {c} where false",
            "delete": "delete from {t} where false",
            "truncate": "truncate {t} cascade",
            "lock": "lock table {t} in access exclusive mode",
        }
        if kind == "S":  # which says what it is not before it asks who would
            statements = {"select": statements["select"], "use": "select nextval({n})"}
        for verb, statement in statements.items():
            if kind != "r" and verb == "truncate":
                continue
            state = attempt(session, sql.SQL(statement).format(**names))
            # A view of several tables says that it cannot be written before it asks who would.
            refused = (DENIED, "55000") if kind == "v" and verb != "select" else (DENIED,)
            if state == DENIED if ability[verb] else state not in refused:
                wrong.append((verb, name, state))
    assert wrong == []


@pytest.mark.parametrize("role", LOGINS)
def test_may_call_these_functions_only(db: Connection, connect: Connect, role: str) -> None:
    fill(db)
    session = connect(role)
    allowed = {
        "buybox_relay": FOR_THE_RELAY,
        # ingest_order is a mere number, and analysts may see all that the page shows.
        "buybox_analyst": (*FOR_ANALYSTS, *FOR_THE_PAGE, "select ingest_order('{}')"),
        "buybox_alerter": FOR_THE_ALERTER,
        "buybox_page": FOR_THE_PAGE,
    }.get(role, ())
    for statement in (
        *FOR_THE_RELAY,
        *FOR_ANALYSTS,
        *FOR_THE_ALERTER,
        *FOR_THE_PAGE,
        *FOR_THE_OPERATOR,
    ):
        expected = None if statement in allowed else DENIED
        assert attempt(session, statement) == expected, statement

    # And of all the others none, but for analysts those that write nothing.
    executable = session.execute(
        "select proname, provolatile = 'v' from pg_proc"
        " where pronamespace = 'public'::regnamespace and has_function_privilege(oid, 'execute')"
    ).fetchall()
    if role == "buybox_analyst":
        assert {name for name, is_volatile in executable if is_volatile} == WRITING_FOR_ANALYSTS
    elif role == "buybox_page":
        assert {name[:5] for name, _ in executable} == {"page_"}
    else:
        names = {
            "buybox_relay": {"ingest_notification", "ingest_order"},
            "buybox_alerter": {"claim_alerts", "finish_alert"},
        }.get(role, set())
        assert {name for name, _ in executable} == names


def test_what_runs_with_the_owners_rights_is_little_and_pinned(db: Connection) -> None:
    definers = db.execute(
        "select proname, array_to_string(proconfig, ' ') from pg_proc"
        " where pronamespace = 'public'::regnamespace and prosecdef"
        " and not starts_with(proname, 'page_')"
    ).fetchall()
    assert {name for name, _ in definers} == WRITING_FOR_ANALYSTS | {
        "ingest_notification",
        "claim_alerts",
        "finish_alert",
    }
    for name, pinned in definers:
        assert "search_path=pg_catalog, public, pg_temp" in pinned, name


def test_nobody_but_the_owner_makes_things_or_becomes_somebody_else(
    db: Connection, connect: Connect
) -> None:
    for role in LOGINS:
        session = connect(role)
        for statement in (
            "create table public.mine ()",
            "create function public.mine() returns int language sql return 1",
            "create schema mine",
            "alter table current_state disable trigger all",
            "alter table severity_rules disable row level security",
            "create or replace function ingest_order(body text) returns bigint"
            " language sql return 1",
            "drop function ingest_order(text)",
            "set role seller",
            "set session_replication_role = replica",
            "comment on table current_state is 'mine'",
        ):
            assert attempt(session, statement) == DENIED, (role, statement)


def test_analysts_change_the_sets_of_rules_that_are_not_in_force(
    db: Connection, connect: Connect
) -> None:
    analyst = connect("buybox_analyst")
    analyst.execute("insert into severity_rules (name) values ('mine'), ('yours')")
    analyst.execute("update severity_rules set high_gap_pct = 25 where name = 'mine'")
    analyst.execute("delete from severity_rules where name = 'yours'")
    rules = "select name, active, high_gap_pct from severity_rules order by name"
    expected = [("default", True, 20), ("mine", False, 25)]
    assert analyst.execute(rules).fetchall() == expected

    refused: tuple[LiteralString, ...] = (
        "insert into severity_rules (name, active) values ('other', true)",
        "update severity_rules set active = true where name = 'mine'",
        "insert into severity_rules (name) values ('default')"
        " on conflict (name) do update set high_gap_pct = 30",
    )
    for statement in refused:
        assert attempt(analyst, statement) == DENIED, statement
    # The set in force is out of reach, and that is no error.
    for statement in (
        "update severity_rules set high_gap_pct = 30 where active",
        "update severity_rules set active = false",
        "update severity_rules set name = 'renamed' where name = 'default'",
        "delete from severity_rules where name = 'default'",
    ):
        with analyst.transaction():
            analyst.execute(statement)
        assert db.execute(
            "select active from severity_rules where name = 'default'"
        ).fetchall() == [(True,)], statement
    analyst.execute("delete from severity_rules where name <> 'mine'")
    assert analyst.execute(rules).fetchall() == expected

    analyst.execute("select activate_severity_rules('mine')")
    assert attempt(analyst, "update severity_rules set high_gap_pct = 30") is None
    analyst.execute("update severity_rules set high_gap_pct = 30")
    assert analyst.execute(rules).fetchall() == [("default", False, 30), ("mine", True, 25)]


def test_the_relay_needs_no_more_than_its_role(db: Connection, connect: Connect) -> None:
    relay = connect("buybox_relay")
    fill(relay)
    assert n.ingest(relay, "m-1", "any")["outcome"] == "duplicate"
    stored = db.execute("select message_id, severity from worker_notifications").fetchall()
    assert stored == [("m-1", "success")]
    assert db.execute("select message_id from open_failures").fetchall() == [("m-2",)]


def test_the_ui_needs_no_more_than_its_role(db: Connection, connect: Connect) -> None:
    fill(db)
    ui = connect("buybox_ui")
    ui.execute("listen current_state")
    shown = ui.execute("select asin, severity from current_state where item_condition = 'new'")
    assert shown.fetchall() == [("B0TEST0001", "success")]
    db.execute("select rebuild_current_state()")
    assert [heard.channel for heard in ui.notifies(timeout=30, stop_after=1)] == ["current_state"]


# Nobody changes what a function does by what he has around him.

# What the functions use unqualified, for the same types, in the caller's own schema.
FUNCTIONS: LiteralString = """
create function {mine}.trap(text, text) returns boolean language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.trap(numeric, numeric) returns boolean language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.trap(jsonb, text) returns jsonb language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create operator {mine}.= (leftarg = text, rightarg = text, function = {mine}.trap);
create operator {mine}.< (leftarg = numeric, rightarg = numeric, function = {mine}.trap);
create operator {mine}.>= (leftarg = numeric, rightarg = numeric, function = {mine}.trap);
create operator {mine}.-> (leftarg = jsonb, rightarg = text, function = {mine}.trap);
create function {mine}.lower(text) returns text language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.encode(bytea, text) returns text language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.jsonb_typeof(jsonb) returns text language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.now() returns timestamptz language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.read_offer_change(jsonb) returns record language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.find_rules(text default null) returns text language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
create function {mine}.is_outage(text) returns boolean language plpgsql
  as $$ begin raise exception 'trapped'; end $$;
"""

# What a session may set and some of the functions' expressions would mean something else by.
SETTINGS: LiteralString = """
set standard_conforming_strings = off;
set escape_string_warning = off;
set transform_null_equals = on;
set array_nulls = off;
set timezone = 'America/New_York';
set datestyle = 'German, DMY';
set intervalstyle = 'sql_standard';
set bytea_output = 'escape';
set extra_float_digits = -15;
set plan_cache_mode = force_custom_plan;
set enable_seqscan = off;
"""


def set_traps(kind: str, session: Connection, db: Connection) -> None:
    """Puts things of its own around the session. For a schema it needs a right it seldom has."""
    if kind == "tables":
        twins = db.execute(
            "select relname, string_agg(format('%%I %%s', attname, atttypid::regtype), ',')"
            " from pg_attribute inner join pg_class as c on attrelid = c.oid"
            " where relname = any(%s) and attnum > 0 group by relname",
            (list(TABLES),),
        ).fetchall()
        assert len(twins) == len(TABLES)
        for name, columns in twins:
            session.execute(f"create temp table {name} ({columns})")
        session.execute("create type pg_temp.notification_analysis as (mine integer)")
        session.execute(
            "insert into pg_temp.severity_rules (name, active, success_max_position)"
            " values ('mine', true, 99)"
        )
    elif kind == "settings":
        session.execute(SETTINGS)
    else:
        if kind == "mine":
            login = sql.Identifier(session.info.user)
            database = sql.Identifier(session.info.dbname)
            db.execute(sql.SQL("grant create on database {} to {}").format(database, login))
            session.execute("create schema mine")
            session.execute("grant usage on schema mine to public")  # or the owner passes it by
        session.execute(sql.SQL(FUNCTIONS).format(mine=sql.Identifier(kind)))
        session.execute(
            sql.SQL("set search_path = {}, pg_catalog, public").format(sql.Identifier(kind))
        )


EAST = timezone(timedelta(hours=2))
OFFERS = (*[n.Offer()] * 5, n.Offer(n.SELLER, listing=Decimal("12.5"), fba=True, prime="IsPrime"))
FACTS = n.OfferChange(offers=OFFERS, condition="Used")
EASTERN = n.text(n.pascal(FACTS, str, lambda time: time.astimezone(EAST).isoformat()))
MESSAGES = {
    "m-1": EASTERN,
    "m-2": "no json",
    "m-3": EASTERN,
    "m-4": n.text(n.sns(n.camel(n.PricingHealth(condition="Used")))),
}
BY_ANALYSTS: tuple[LiteralString, ...] = (
    "select public.activate_severity_rules('lenient')::text",
    "select outcome, severity from public.retry_failure('m-2')",
    "select outcome, severity from public.retry_failures()",
    "select examined, changed from public.rerun_severity()",
    "select public.rebuild_current_state()",
    "select part, item, value from public.explain_severity('m-1')",
    "select * from public.preview_severity('default', '-infinity', 'infinity')",
    "select * from public.buy_box_share('-infinity', 'infinity')",
)


def what_happens(role: str, session: Connection, db: Connection) -> list[object]:
    """All that the session's calls return, and all that is stored after them."""
    seen: list[object] = []
    for message, body in MESSAGES.items():
        row = n.ingest(session if role == "buybox_relay" else db, message, body)
        seen.append((row["outcome"], row["asin"], row["severity"], row["error_message"]))
    if role == "buybox_analyst":
        db.execute("insert into severity_rules (name, success_max_position) values ('lenient', 9)")
        db.execute("update current_state set your_price = 1")
        later = EASTERN.replace("2024", "2025")
        db.execute("update worker_failures set raw_message = to_jsonb(%s::text)", (later,))
        seen += [session.execute(statement).fetchall() for statement in BY_ANALYSTS]
    seen += [
        db.execute(statement).fetchall()
        for statement in (
            "select message_id, dedupe_hash, asin, severity, item_condition, event_time, status"
            " from worker_notifications order by message_id",
            "select asin, item_condition, your_price, severity, event_time from current_state",
            "select message_id, failure_count, error_type, resolved_at is null"
            " from worker_failures order by message_id",
            "select name from severity_rules where active",
        )
    ]
    return seen


@pytest.mark.parametrize("role", ["buybox_relay", "buybox_analyst"])
@pytest.mark.parametrize("kind", ["tables", "pg_temp", "mine", "settings"])
def test_no_caller_changes_what_happens(
    db: Connection, connect: Connect, role: str, kind: str
) -> None:
    expected = what_happens(role, connect(role), db)
    db.execute("select activate_severity_rules('default')")
    db.execute("truncate worker_notifications, worker_failures, current_state")
    db.execute("delete from severity_rules where not active")

    trapped = connect(role)
    set_traps(kind, trapped, db)
    assert what_happens(role, trapped, db) == expected
    if kind == "tables":
        for name in TABLES - {"severity_rules"}:
            assert trapped.execute(f"select from pg_temp.{name}").fetchall() == []
