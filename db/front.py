"""Make the database at DATABASE_URL a front: one database to read several from.

    READER_URLS="postgresql://reader:…@shard-1/buybox postgresql://reader:…@shard-2/buybox" \
    DATABASE_URL=postgresql://owner:password@front/buybox python db/front.py

Each relation in RELATIONS is there as a view over all shards, and buy_box_changes(); read only, by
postgres_fdw. READER_URLS are in the shards' order, with a login of each that is in buybox_analyst.
PAGE_URLS, where given, are those of the shards' pages, to which a page over the front links.
EXCLUDE="2 3" leaves shards out, so that the rest answers while they are away. Repeat it after any
change; whoever reads waits for the one transaction it is. Exit status: 0; 1 where the front
refused, or a shard that is not left out did not answer within seconds; 2 for a wrong setting.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from migrate import connect
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from settings import Settings, SettingsError, check_database_url
from tools.shards import CHARACTERS, shard_of

RELATIONS = (
    *("current_state", "item_now", "price_history", "severity_changes", "buy_box_history"),
    *("open_failures", "alerts", "item_days"),
)

# A shard that is out of reach costs seconds, not the life of a TCP connection.
SERVER: dict[str, object] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "tcp_user_timeout": "15000",
    "options": "-c default_transaction_read_only=on",
    "async_capable": "true",
    "updatable": "false",
    "fetch_size": "1000",
}
# One that is reached and hangs ends a query by this alone.
TIMEOUT = "30s"


def why_away(url: str) -> str:
    """Why a shard does not answer, after seconds; "" where it does."""
    try:
        with psycopg.connect(url, connect_timeout=5, options="-c statement_timeout=5s") as shard:
            shard.execute("select from current_state limit 1")
    except psycopg.Error as error:
        return str(error)
    return ""


def make_front(
    connection: psycopg.Connection, urls: list[str], excluded: set[int], pages: list[str]
) -> None:
    """Makes everything anew in one transaction. Raises psycopg.Error, and then nothing changed."""
    connection.execute("create extension if not exists postgres_fdw")
    connection.execute("drop function if exists buy_box_changes, shard_page")
    for name in (*RELATIONS, "front_shards"):
        connection.execute(sql.SQL("drop view if exists {}").format(sql.Identifier(name)))
    old = connection.execute("select srvname from pg_foreign_server where srvname ~ '^shard_[0-9]'")
    for (name,) in old.fetchall():
        connection.execute(sql.SQL("drop server {} cascade").format(sql.Identifier(name)))
        connection.execute(sql.SQL("drop schema {}").format(sql.Identifier(name)))
    shards = {number: f"shard_{number}" for number in range(1, len(urls) + 1)}
    read = [name for number, name in shards.items() if number not in excluded]
    for name, url in zip(shards.values(), urls, strict=True):
        if name in read:
            add_shard(connection, name, url)
    for relation in RELATIONS:
        parts = [
            sql.SQL("select * from {}").format(sql.Identifier(shard, relation)) for shard in read
        ]
        view = sql.SQL("create view {} as ").format(sql.Identifier(relation))
        connection.execute(view + sql.SQL(" union all ").join(parts))
    connection.execute(
        sql.SQL(
            """
            create view front_shards as
            select s.shard, s.shard = any ({}::text[]) as is_read
            from unnest({}::text[]) as s (shard);
            comment on view front_shards is
            'The shards, and whether the views here read them: those that are away are left out.';
            create function buy_box_changes(
              since timestamptz, until timestamptz, asin text default null
            )
            returns setof buy_box_history
            language sql stable parallel safe
            begin atomic
              select h.*
              from buy_box_history as h
              where h.event_time >= buy_box_changes.since
                and h.event_time < buy_box_changes.until
                and (buy_box_changes.asin is null or h.asin = buy_box_changes.asin)
              order by h.event_time, h.asin, h.marketplace, h.item_condition;
            end;
            comment on function buy_box_changes(timestamptz, timestamptz, text) is
            'As on a shard, over all. With an asin it is one item''s history that is read, without
one everybody''s: give one.'
            """
        ).format(read, list(shards.values()))
    )
    if pages:
        by_end = {end: pages[shard_of(end, len(pages)) - 1] for end in CHARACTERS}
        connection.execute(
            sql.SQL(
                """
                create function shard_page(asin text) returns text
                language sql immutable parallel safe
                return coalesce({}::jsonb ->> right(asin, 1), {});
                comment on function shard_page(text) is
                'The address of the page of the shard that has this ASIN''s items.'
                """
            ).format(json.dumps(by_end), pages[0])
        )
    for role, names in {
        "buybox_ui": ("current_state",),
        "buybox_analyst": (*RELATIONS, "front_shards"),
    }.items():
        if connection.execute("select to_regrole(%s)", (role,)).fetchone() != (None,):
            views = sql.SQL(", ").join(map(sql.Identifier, names))
            connection.execute(
                sql.SQL("grant select on {} to {}").format(views, sql.Identifier(role))
            )
    connection.execute(
        sql.SQL("alter database {} set statement_timeout = {}").format(
            sql.Identifier(connection.info.dbname), TIMEOUT
        )
    )


def add_shard(connection: psycopg.Connection, name: str, url: str) -> None:
    """Makes a shard's server, and its foreign tables in a schema of its name. Only the owner of the
    views, whose rights they read with, has the login: nobody else can use or see it."""
    parts = conninfo_to_dict(url)
    login = {"user": parts.pop("user", ""), "password": parts.pop("password", "")}
    server = sql.Identifier(name)

    def options(values: dict[str, object]) -> sql.Composed:
        return sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(k), sql.Literal(str(v)))
            for k, v in values.items()
        )

    connection.execute(
        sql.SQL("create server {} foreign data wrapper postgres_fdw options ({})").format(
            server, options(parts | SERVER)
        )
    )
    connection.execute(
        sql.SQL("create user mapping for current_user server {} options ({})").format(
            server, options({k: v for k, v in login.items() if v})
        )
    )
    connection.execute(sql.SQL("create schema {}").format(server))
    connection.execute(
        sql.SQL("import foreign schema public limit to ({}) from server {} into {}").format(
            sql.SQL(", ").join(map(sql.Identifier, RELATIONS)), server, server
        )
    )


def main() -> int:
    try:
        front = Settings.read().database_url
        urls = [check_database_url(url) for url in os.environ.get("READER_URLS", "").split()]
        excluded = {int(number) for number in os.environ.get("EXCLUDE", "").split()}
        if not excluded < set(range(1, len(urls) + 1)):
            raise ValueError("READER_URLS has a URL a shard, EXCLUDE numbers of some of them")
        pages = os.environ.get("PAGE_URLS", "").split()
        if len(pages) not in (0, len(urls)):
            raise ValueError("PAGE_URLS has the URL of each shard's page, or is not there")
    except (SettingsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    asked = {number: url for number, url in enumerate(urls, start=1) if number not in excluded}
    with ThreadPoolExecutor(len(asked)) as pool:
        away = dict(zip(asked, pool.map(why_away, asked.values()), strict=True))
    for number, why in away.items():
        if why:
            print(f"front: shard {number} is away: {why}", file=sys.stderr)
    if any(away.values()):
        print("hint: EXCLUDE leaves shards out, and the rest is read", file=sys.stderr)
        return 1
    try:
        with connect(front) as connection:
            make_front(connection, urls, excluded, pages)
    except psycopg.Error as error:
        hint = f"\nhint: {error.diag.message_hint}" if error.diag.message_hint else ""
        print(f"front: {error.diag.message_primary or error}{hint}", file=sys.stderr)
        return 1
    left_out = f", without {', '.join(map(str, sorted(excluded)))}" if excluded else ""
    print(f"front: {len(RELATIONS)} relations over {len(urls)} shards{left_out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
