"""Bring the database at DATABASE_URL up to date: migrations, then functions, views and the rest.

    DATABASE_URL=postgresql://user:password@host/database python db/migrate.py

Migrations (db/migrations, by yoyo) make tables and run once each. Types, functions, views,
triggers, comments and grants have no history of their own: the files in db say what there is, and
every run deploys them again in one transaction, dropping what no file owns any more; types, and
with them what stands on them, only where one changed. Running it again is safe; two runs at once
wait for each other.

Exit status: 0; 1 where the database refused or an applied migration was edited; 2 without a usable
DATABASE_URL.
"""

import hashlib
import os
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import psycopg
from psycopg import errors
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import default_migration_table

from settings import Settings, SettingsError

HERE = Path(__file__).resolve().parent

# Any number that nothing else in this database locks. A transaction's lock rather than yoyo's lock
# row, which a kill would leave behind.
MIGRATION_LOCK = 5_471_938_206

# What the database or the role may have otherwise, and what the text of a migration or a function,
# or what is remembered of it, would mean something else by, or fail by.
SESSION = {
    "search_path": "public",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    "check_function_bodies": "on",
    "exit_on_error": "off",
    "client_min_messages": "notice",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",  # since Postgres 17
    # A table's lock is needed for moments only; who cannot get it says so instead of waiting on.
    "lock_timeout": "1min",
}

# Of the original worker, and so of the first migration where AMAZON_SELLER_ID was not set.
ORIGINAL_SELLER = "A2D8NG39VURSL3"


class MigrationError(Exception):
    """The database cannot be brought up to date; the text says why and what to do."""


def migrate(database_url: str) -> None:
    """Migrate the database and deploy what db/ says, printing a line a step.

    Takes a postgres:// or postgresql:// URL of the owner of the tables, who need not be a
    superuser. Raises MigrationError, or psycopg.Error where the database refuses.
    """
    with connect(database_url) as lock, connect(database_url) as connection:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise MigrationError(
                f"the database's encoding is {encoding}, which cannot hold every message: "
                "create one with encoding 'UTF8' template template0"
            )
        lock.execute("set lock_timeout = 0")
        free = lock.execute("select pg_try_advisory_xact_lock(%s)", (MIGRATION_LOCK,)).fetchone()
        if free != (True,):
            print("another migration is running, waiting for it", flush=True)
            lock.execute("select pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        prepare(connection)
        apply_migrations(database_url, connection)
        deploy(connection)
        connection.commit()
        mark_unreadable(connection)
        print_sellers(connection)


def connect(database_url: str) -> psycopg.Connection:
    """A session in which nothing but SESSION and UTF8 holds, whatever the defaults are."""
    connection = psycopg.connect(database_url, autocommit=True, client_encoding="UTF8")
    connection.execute(
        "select set_config(name, v, false) from pg_catalog.pg_settings"
        " inner join unnest(%s::text[], %s::text[]) as s (name, v) using (name)",
        (list(SESSION), list(SESSION.values())),
    )
    connection.autocommit = False
    return connection


def prepare(connection: psycopg.Connection) -> None:
    """Make the table that remembers what was deployed: migrations, functions and views."""
    if connection.execute("select to_regclass('_deployed')").fetchone() == (None,):
        connection.execute(
            "create table _deployed"
            " (kind text, name text, sha256 text not null, primary key (kind, name));"
            "comment on table _deployed is 'What db/migrate.py deployed; it alone writes here.'"
        )
    connection.commit()


class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's, but connected by libpq, which reads URLs that yoyo's parser does not, and once: it
    would run a migration on a connection of its own and note it on another, so that after a kill in
    between it would run again."""

    def __init__(self, database_url: str) -> None:
        unread = DatabaseURI("postgresql", None, None, None, None, database_url, {})
        super().__init__(unread, default_migration_table)
        self.init_database()

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection:
        connection = connect(dburi.database)
        connection.add_notice_handler(show_notice)
        connection.autocommit = True
        return connection

    def copy(self) -> AbstractContextManager["Backend"]:
        return nullcontext(self)


def apply_migrations(database_url: str, connection: psycopg.Connection) -> None:
    """Run the migrations that have not run yet; refuse where one that has was edited since."""
    backend = Backend(database_url)
    migrations = read_migrations(str(HERE / "migrations"))
    pending = backend.to_apply(migrations)
    texts = {m.id: sha256(Path(m.path)) for m in migrations}
    applied = texts.keys() - {m.id for m in pending}
    known = connection.execute("select name, sha256 from _deployed where kind = 'migration'")
    for name, text in known.fetchall():
        if name in applied and texts[name] != text:
            raise MigrationError(
                f"migration {name} was applied to this database and edited since: "
                "restore its text and put the change into a new migration"
            )
    for migration in pending:
        print(f"migration {migration.id}", flush=True)
        with backend.transaction():
            backend.apply_migrations_only(type(migrations)([migration]))
    backend.connection.close()
    for name, text in texts.items():
        remember(connection, "migration", name, text)
    connection.commit()
    if not pending:
        print(f"migrations: all {len(texts)} applied already", flush=True)


def show_notice(notice: errors.Diagnostic) -> None:
    print(f"  {notice.message_primary}", flush=True)


def print_sellers(connection: psycopg.Connection) -> None:
    """Say whose offers count as yours: a wrong or missing id shows in figures only, never in an
    error."""
    sellers = [s for (s,) in connection.execute("select seller_id from own_sellers order by 1")]
    print(f"your sellers (own_sellers): {', '.join(sellers) or 'none'}")
    given = os.environ.get("AMAZON_SELLER_ID", "").strip()
    if given and given not in sellers:
        print(
            f"warning: AMAZON_SELLER_ID is {given}, which is none of them, and counts at the first"
            f" migration only: insert into own_sellers values ('{given}'), then make rerun"
        )
    elif not given and sellers == [ORIGINAL_SELLER]:
        print(
            "warning: that is the original worker's. Where it is not you, put your seller id into"
            " own_sellers and delete it there, then make rerun"
        )


def deploy(connection: psycopg.Connection) -> None:
    """Deploy every type, function and view as its file says, in the connection's one transaction.

    A replaced function keeps its oid, so that a session in the middle of a call is not disturbed.
    Only where Postgres cannot replace (another type, a changed return type, a renamed parameter, a
    column that what stands does not return yet) are all dropped and made again, between two batches
    of ingest.
    """
    types = sorted(HERE.glob("types/*.sql"))
    others = [*sorted(HERE.glob("functions/*/*.sql")), *sorted(HERE.glob("views/*.sql"))]
    known = connection.execute("select name, sha256 from _deployed where kind = 'type'").fetchall()
    try:
        with connection.transaction():
            if dict(known) != {file.stem: sha256(file) for file in types}:
                raise errors.InvalidObjectDefinition
            replace(connection, others)
    except (
        errors.InvalidFunctionDefinition,
        errors.InvalidObjectDefinition,
        errors.InvalidTableDefinition,
        errors.DependentObjectsStillExist,
        errors.UndefinedColumn,
    ):
        # Each batch of ingest holds this lock shared (hold_rules), before it looks at anything.
        rules = "'severity_rules'::regclass::oid::integer"
        connection.execute(f"select pg_advisory_xact_lock({rules}, 0)")
        old = {known for known in deployed(connection) if known[0] != "trigger"}
        drop(connection, [*old | {("type", file.stem) for file in types}])
        run_in_order_of_need(connection, types)
        for file in types:
            remember(connection, "type", file.stem, sha256(file))
        replace(connection, others)
    for name in ("triggers", "comments", "grants"):
        connection.execute((HERE / f"{name}.sql").read_bytes())
    print(f"types, functions and views: {len(types) + len(others)} deployed", flush=True)


def mark_unreadable(connection: psycopg.Connection) -> None:
    """Look once at what the original worker stored, for what cannot be read."""
    once = ("once", "mark_unreadable", "")
    if connection.execute("select from _deployed where (kind, name) = (%s, %s)", once[:2]).rowcount:
        return
    print("looking for stored notifications that cannot be read", flush=True)
    row = connection.execute("select mark_unreadable()").fetchone()
    print(f"  {row[0] if row else 0} found, which readers skip from now on", flush=True)
    remember(connection, *once)
    connection.commit()


def replace(connection: psycopg.Connection, files: list[Path]) -> None:
    """Make what the files say, replacing what stands, and drop what no file owns any more."""
    run_in_order_of_need(connection, files)
    owned = {name: sha256(file) for file in files for name in owned_objects(connection, file)}
    old = [known for known in deployed(connection) if known[0] != "type"]
    drop(connection, [known for known in old if known[1] not in owned])
    for name, text in owned.items():
        remember(connection, "object", name, text)


def run_in_order_of_need(connection: psycopg.Connection, files: list[Path]) -> None:
    """Run each file after those it needs: an SQL-standard body is parsed when it is made."""
    waiting = files
    while waiting:
        postponed: list[Path] = []
        for file in waiting:
            try:
                with connection.transaction():
                    connection.execute(file.read_bytes())
            except psycopg.Error as error:
                error.add_note(f"in {file.relative_to(HERE.parent)}")
                missing = (errors.UndefinedFunction, errors.UndefinedTable, errors.UndefinedObject)
                if not isinstance(error, missing) or len(postponed) + 1 == len(waiting):
                    raise
                postponed.append(file)
        waiting = postponed


def owned_objects(connection: psycopg.Connection, file: Path) -> list[str]:
    """The signatures of a file's function and its overloads, or its view: what it comments on."""
    comment = rf"^comment on (function|view) (({re.escape(file.stem)}\b).*?)\s+is\s"
    found = re.findall(comment, file.read_text(), re.MULTILINE | re.DOTALL)
    if not found:
        raise MigrationError(f"{file.name} has no comment on the function or view it owns")
    names = []
    for kind, signature, _ in found:
        catalog = "regprocedure" if kind == "function" else "regclass"
        row = connection.execute(f"select %s::{catalog}::text", (signature,)).fetchone()
        assert row is not None
        names.append(str(row[0]))
    return names


def deployed(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """What stands of earlier deployments, as (kind, name), other overloads of a name included.

    A trigger function is of a kind of its own: its table's trigger hangs on it, and its signature
    cannot change.
    """
    return connection.execute(
        """
        select distinct
          case p.prorettype when 'trigger'::regtype then 'trigger' else 'function' end,
          p.oid::regprocedure::text
        from pg_proc as p
        inner join _deployed as d on p.proname = split_part(d.name, '(', 1)
        where d.kind = 'object' and d.name like '%(%' and p.pronamespace = 'public'::regnamespace
        union all
        select 'view', c.oid::regclass::text
        from pg_class as c
        inner join _deployed as d on c.oid = to_regclass(d.name)
        where d.kind = 'object' and d.name not like '%(%' and c.relkind = 'v'
        union all
        select 'type', d.name from _deployed as d where d.kind = 'type'
        """
    ).fetchall()


def drop(connection: psycopg.Connection, objects: list[tuple[str, str]]) -> None:
    """Drop each after what stands on it; what somebody else built on one refuses it."""
    waiting = objects
    while waiting:
        postponed: list[tuple[str, str]] = []
        for kind, name in waiting:
            what = "function" if kind == "trigger" else kind
            try:
                with connection.transaction():
                    connection.execute(f"drop {what} if exists {name}".encode())
            except errors.DependentObjectsStillExist:
                if len(postponed) + 1 == len(waiting):
                    raise
                postponed.append((kind, name))
        waiting = postponed
    names = [name for _, name in objects]
    connection.execute(
        "delete from _deployed where kind in ('object', 'type') and name = any(%s)", (names,)
    )


def remember(connection: psycopg.Connection, kind: str, name: str, text: str) -> None:
    connection.execute(
        "insert into _deployed values (%s, %s, %s)"
        " on conflict (kind, name) do update set sha256 = excluded.sha256",
        (kind, name, text),
    )


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    try:
        migrate(Settings.read().database_url)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (MigrationError, psycopg.Error) as error:
        where = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        print(f"migration failed: {str(error).strip()}{where}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
