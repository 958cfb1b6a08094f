"""Writes what the docs show of a database, from a database: run it after a change of either.

    make reference

docs/reference.md and db/schema.sql come whole from the catalog and its comments. In the documents
of STATEMENTS each ```text block is what psql prints for the ```sql block before it, on what make
demo leaves. tests/database/test_docs.py checks that both are current.
"""

import re
import runpy
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cluster import ENVIRONMENT, ROOT, Cluster
from psycopg.rows import namedtuple_row

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference.md"
SCHEMA = ROOT / "db" / "schema.sql"
# Document: the role that its statements must be enough for. seller owns the database.
STATEMENTS = {
    "analysts.md": "buybox_analyst",
    "ui.md": "buybox_ui",
    "operations.md": "seller",
}

# Who it is for: the role, and what of the catalog, in the order to read it. The rest is internal.
GROUPS = {
    "For the relay": ("buybox_relay", "ingest_notification ingest_order"),
    "For the UI": ("buybox_ui", "current_state"),
    "For analysts": (
        "buybox_analyst",
        "item_now explain_item price_to_win buy_box_changes offer_changes competitors "
        "buy_box_share days_report buy_box_history item_days roll_up_days items "
        "worker_notifications price_history severity_changes explain_severity extract_offers "
        "analyze_notification notification_analysis severity_rules own_sellers "
        "calculate_severity preview_severity activate_severity_rules rerun_severity "
        "rebuild_current_state retry_failure retry_failures alert_rules alerts alert_deliveries "
        "preview_alerts retry_deliveries",
    ),
    "For the alerter": ("buybox_alerter", "claim_alerts finish_alert"),
    "For operators": (
        "seller",
        "ingest_stats open_failures worker_failures prune_notifications",
    ),
}
ERRORS = {
    "OC001": "The body is no JSON object.",
    "OC002": "The notification has no type.",
    "OC003": "A member cannot be read as its type.",
    "OC005": "A price does not fit its column.",
    "OC006": "The offers of one message are in two currencies.",
    "OC007": "A kind with state (ANY_OFFER_CHANGED, PRICING_HEALTH) has no ASIN.",
    "OC008": "An ASIN or a marketplace has more than 20 characters.",
    "OC101": "There is no such rule set, or none would be active.",
    "OC102": "There is no such message, or no such item.",
    "OC103": "The time to keep is null or under 28 days.",
    "OC104": "There is no such alert rule.",
}

RELATIONS = """
select c.oid, c.relname as name, obj_description(c.oid, 'pg_class') as comment,
  case c.relkind when 'r' then 'table' when 'v' then 'view' else 'type' end as kind
from pg_class as c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'c')
  and c.relname !~ '^_?yoyo'
order by c.relname
"""
COLUMNS = """
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
  pg_get_expr(d.adbin, d.adrelid) as default, col_description(a.attrelid, a.attnum) as comment,
  a.attidentity = 'a' as identity, a.attgenerated = 's' as generated,
  a.attcollation = '"C"'::regcollation as collate_c
from pg_attribute as a
left join pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""
CONSTRAINTS = """
select c.conname as name, pg_get_constraintdef(c.oid) as definition
from pg_constraint as c
where c.conrelid = %(oid)s and c.contype in ('c', 'f', 'p', 'u')
union all
select x.relname, pg_get_indexdef(i.indexrelid)
from pg_index as i
inner join pg_class as x on i.indexrelid = x.oid
where i.indrelid = %(oid)s
  and not exists (select from pg_constraint as c where c.conindid = i.indexrelid)
order by 1
"""
FUNCTIONS = """
select p.oid, p.proname as name, 'function' as kind, obj_description(p.oid, 'pg_proc') as comment,
  p.provolatile as volatility, p.proretset as rows, format_type(p.prorettype, null) as type,
  string_agg(
    concat_ws(' ', a.name, format_type(a.type, null),
      'default ' || pg_get_function_arg_default(p.oid, a.position::integer)),
    ', ' order by a.position
  ) filter (where coalesce(a.mode, 'i') in ('i', 'b')) as arguments,
  string_agg(a.name || ' ' || format_type(a.type, null), ', ' order by a.position)
    filter (where a.mode in ('o', 't')) as columns
from pg_proc as p
left join lateral unnest(
  coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes
) with ordinality as a (type, name, mode, position) on true
where p.pronamespace = 'public'::regnamespace
group by p.oid
order by p.proname, p.oid
"""
RIGHTS = """
select r.rolname as role,
  case %(kind)s
    when 'function' then case when has_function_privilege(r.oid, %(oid)s, 'execute')
      then 'execute' end
    when 'type' then null
    else (
      select string_agg(t.word, ', ' order by t.place)
      from unnest(array['select', 'insert', 'update', 'delete'])
        with ordinality as t (word, place)
      where has_table_privilege(r.oid, %(oid)s, t.word)
    )
  end as rights
from pg_roles as r
where r.rolname in (
  'buybox_relay', 'buybox_ui', 'buybox_analyst', 'buybox_alerter', 'buybox_page'
)
order by r.rolname
"""
VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}


def write_schema(db: psycopg.Connection[Any]) -> str:
    """db/schema.sql for this migrated database: its tables, each after those it refers to."""
    ask = partial(rows_of, db)
    lines = [
        "-- The tables as the migrations leave them, to read; written by make reference. What they",
        "-- mean is in comments.sql. raw_notification is compressed by lz4 where it can be.",
        "-- noqa: disable=all",
    ]
    for table in sorted(ask(RELATIONS), key=lambda found: int(found.oid)):
        if table.kind != "table" or table.name == "_deployed":
            continue
        parts = [
            f"  {column.name} {short(column.type)}"
            + ' collate "C"' * bool(column.collate_c)
            + " not null" * column.required
            + " generated always as identity" * column.identity
            + (f" generated always as ({column.default}) stored" if column.generated else "")
            + (
                f" default {short(column.default)}"
                if column.default and not column.generated
                else ""
            )
            for column in ask(COLUMNS, [table.oid])
        ]
        indexes = []
        for row in ask(CONSTRAINTS, {"oid": table.oid}):
            if row.definition.startswith("CREATE"):
                indexes.append(row.definition.replace("public.", "").replace(" USING btree", ""))
            else:
                parts.append(f"  constraint {row.name} {short(row.definition)}")
        lines += ["", f"create table {table.name} (", ",\n".join(parts), ");"]
        lines += [f"{index};" for index in indexes]
    words = r"'[^']*'|\b[A-Z][A-Z]+\b"
    lower = re.sub(words, lambda m: m[0] if m[0][0] == "'" else m[0].lower(), "\n".join(lines[3:]))
    return "\n".join([*lines[:3], lower]) + "\n"


def rows_of(db: psycopg.Connection[Any], query: Any, parameters: Any = None) -> list[Any]:
    with db.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def write_reference(db: psycopg.Connection[Any]) -> str:
    """docs/reference.md for this migrated database."""
    ask = partial(rows_of, db)

    def describe(found: Any) -> Iterator[str]:
        call = found.kind == "function"
        text, _, example = (found.comment or "").partition(" Example: ")
        yield from (f"### {found.name}{'()' if call else ''}", "")
        if call:
            shown = ["", *textwrap.wrap(f"{example};", 90)] if example else []
            yield from ("```text", *signature(found), *shown, "```", "")
        if text:
            yield from (escape(text), "")
        if not call:
            yield from (*columns(found), "")
        rights = ask(RIGHTS, {"kind": found.kind, "oid": found.oid})
        if granted := [f"`{right.role}` may {right.rights}" for right in rights if right.rights]:
            yield from (f"{', '.join(granted)}.", "")

    def columns(found: Any) -> Iterator[str]:
        rows = ask(COLUMNS, [found.oid])
        # A type's columns have neither, a view's may have a comment.
        full = any(row.default or row.comment for row in rows)
        yield "| column | type |" + " default | meaning |" * full
        yield "| --- | --- |" + " --- | --- |" * full
        for row in rows:
            cells = [row.name, short(row.type) + (" not null" if row.required else "")]
            if full:
                cells.append(f"`{short(row.default)}`" if row.default else "")
                cells.append(escape(row.comment or ""))
            yield f"| {' | '.join(cells)} |"

    objects: dict[str, list[Any]] = {}
    for found in [*ask(RELATIONS), *ask(FUNCTIONS)]:
        objects.setdefault(found.name, []).append(found)
    groups = {heading: names.split() for heading, (_, names) in GROUPS.items()}
    groups["For the page"] = [name for name in objects if name.startswith("page_")]
    named = {name for names in groups.values() for name in names}
    lines = [
        "# Reference",
        "",
        "Written by `tests/helpers/reference.py` from the comments in `db/comments.sql`,",
        "`db/functions` and `db/views`: change a comment there and run `make reference`. Beside",
        "what is said of rights, the owner of the database may do everything. Keys, checks and",
        "indexes are in [db/schema.sql](../db/schema.sql).",
        "",
    ]
    lines += [f"- [{heading}](#{anchor(heading)})" for heading in [*groups, "Errors", "Internal"]]
    lines.append("")
    for heading, names in groups.items():
        lines += [f"## {heading}", ""]
        for found in (found for name in names for found in objects[name]):
            lines += describe(found)
    lines += ["## Errors", "", *errors(), ""]
    lines += ["## Internal", "", "What the above is made of. It may change with any version.", ""]
    rest = [each for name, found in objects.items() if name not in named for each in found]
    for found in rest:
        title = found.name
        if found.kind == "function":
            title += f"({short(found.arguments or '')})"
        lines += [f"- {found.kind} `{title}`  ", f"  {escape(found.comment or '')}"]
    return "\n".join(lines) + "\n"


def examples(db: psycopg.Connection[Any]) -> Iterator[tuple[str, str]]:
    """Of each function that somebody is named for: the role that may call it, and its example."""
    comments = {(found.name, found.oid): found.comment for found in rows_of(db, FUNCTIONS)}
    for role, names in GROUPS.values():
        for (name, _), comment in comments.items():
            if name in names.split():
                yield role, comment.partition(" Example: ")[2]


def signature(function: Any) -> list[str]:
    """How to call it and what comes back."""
    result = function.columns or function.type
    if function.columns:
        result = f"{'rows' if function.rows else 'one row'}: {result}"
    elif function.rows:
        result = f"rows of {result}"
    lines = [
        f"{function.name}({short(function.arguments or '')})",
        f"returns {short(result)}",
        VOLATILITY[function.volatility],
    ]
    return [part for line in lines for part in textwrap.wrap(line, 90, subsequent_indent="  ")]


def errors() -> Iterator[str]:
    """The table of this project's SQLSTATEs, with the hints that the functions give."""
    hints: dict[str, list[str]] = {code: [] for code in ERRORS}
    for file in sorted((ROOT / "db" / "functions").glob("*/*.sql")):
        literal = r"((?:\s*'(?:[^']|'')*')+)"
        raised = re.findall(
            rf"errcode = '(OC\d+)'.*?hint = {literal}|refuse\(\s*'(OC\d+)'.*?,{literal}\s*\)",
            file.read_text(),
            re.DOTALL,
        )
        for code, hint, refused, reason in raised:
            parts = re.findall(r"'((?:[^']|'')*)'", hint or reason)
            text = "".join(parts).replace("''", "'")
            if text not in hints[code or refused]:
                hints[code or refused].append(text)
    yield from (
        "SQLSTATEs of this project. OC0xx: a message is bad; it is recorded with the code as",
        "`error_type` in `worker_failures`. OC1xx: a call is wrong. Branch on the code, never on",
        "the text. A message can be bad in Postgres' own words too: `error_type` then holds the",
        "condition's name, such as `invalid_text_representation` for a body that is no JSON.",
        "",
        "| SQLSTATE | meaning | hint |",
        "| --- | --- | --- |",
    )
    for error, meaning in ERRORS.items():
        assert hints[error], f"nothing raises {error}"
        first, *others = (text.removesuffix(".") for text in hints[error])
        hint = "; or ".join([first, *(text[0].lower() + text[1:] for text in others)])
        yield f"| {error} | {meaning} | {escape(hint)}. |"


def short(text: str) -> str:
    """A type, an expression or an index as one would write it."""
    text = text.replace("timestamp with time zone", "timestamptz")
    text = re.sub(
        r"^CREATE (UNIQUE )?INDEX \S+ ON \S+ USING ", lambda m: f"{m[1] or ''}INDEX ", text
    )
    return re.sub(r"('[^']*'|NULL)::[a-z]+", lambda m: m[1].replace("NULL", "null"), text)


def escape(text: str) -> str:
    return re.sub(r"([|<*])", r"\\\1", text)


def anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def ingest_demo(db: psycopg.Connection[Any], end: datetime) -> None:
    """Leaves in a migrated database what make demo, run at that time, leaves, but for the ids."""
    stream = runpy.run_path(str(ROOT / "demo" / "stream.py"))
    db.cursor().executemany("insert into items values (%s, %s, %s, %s, %s)", stream["CATALOGUE"])
    messages = [
        (str(UUID(int=number)), body)
        for number, body in enumerate(stream["Market"](end).six_hours().bodies)
    ]
    for _ in range(3):  # a bad one is received that often
        messages = [
            message
            for message in messages
            if db.execute("select outcome from ingest_notification(%s, %s)", message).fetchone()
            == ("failed",)
        ]


def psql(cluster: Cluster, url: str, role: str, statements: str) -> str:
    """What psql prints for these statements of that role in the database of url."""
    return subprocess.run(
        [cluster.binaries / "psql", "-Xv", "SHOW_CONTEXT=never", cluster.superuser_url(url)],
        input=statements,
        env=ENVIRONMENT | {"PGOPTIONS": f"-c role={role}", "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


def with_outputs(document: str, run: Callable[[str], str]) -> str:
    """The document after running each ```sql block: a ```text block right after one holds what run
    gave for it. One that differs only in what differs every time stays as it is."""

    def renew(block: re.Match[str]) -> str:
        lines = run(block["statements"]).rstrip().splitlines()
        output = "".join(f"{line.rstrip()}\n" for line in lines)
        if block["output"] is None or settled(output) == settled(block["output"]):
            return block[0]
        return f"```sql\n{block['statements']}```\n\n```text\n{output}```\n"

    pattern = "^```sql\n(?P<statements>.*?)^```\n(\n```text\n(?P<output>.*?)^```\n)?"
    return re.sub(pattern, renew, document, flags=re.MULTILINE | re.DOTALL)


def settled(output: str) -> str:
    """The output without ids, dates and times of day."""
    output = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", output)
    output = re.sub(r"\d{4}-\d\d-\d\d", "<date>", output)
    return re.sub(r"\d\d:\d\d", "<time>", output)


def current(cluster: Cluster, url: str) -> Iterator[tuple[Path, str]]:
    """Each document that this module writes, with what it should hold.

    url is that of a freshly migrated database, which holds the demo's data afterwards.
    """
    with psycopg.connect(url, autocommit=True) as db:
        yield REFERENCE, write_reference(db)
        yield SCHEMA, write_schema(db)
        # Of yesterday, so that the day is finished, and always of the same hours of it.
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        ingest_demo(db, today - timedelta(hours=9))
    for name, role in STATEMENTS.items():
        run = partial(psql, cluster, url, role)
        yield DOCS / name, with_outputs((DOCS / name).read_text(), run)


def main() -> None:
    with Cluster() as cluster:
        for file, text in current(cluster, cluster.create_database(migrated=True)):
            changed = not file.exists() or file.read_text() != text
            file.write_text(text)
            print(f"{file.relative_to(ROOT)}: {'written' if changed else 'current'}")


if __name__ == "__main__":
    main()
