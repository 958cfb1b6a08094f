"""Whatever a database's defaults are, a message means the same, and good ones are stored.

A managed server, an older application or an administrator may have set any of them for a database
or a role.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import notifications as n
import psycopg
import pytest
from cluster import ROOT, Cluster, name_of
from psycopg.rows import dict_row
from test_migrate import catalog, migrate

Rows = list[dict[str, Any]]

# What may be read or written otherwise.
MEANING = {
    "client_encoding": "LATIN1",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "datestyle": "SQL, DMY",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Kathmandu",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "xmloption": "document",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "quote_all_identifiers": "on",
    "check_function_bodies": "off",
}
# What may run otherwise, or be found elsewhere.
RUNNING = {
    "search_path": "elsewhere, public",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "row_security": "off",
    "plan_cache_mode": "force_generic_plan",
    "from_collapse_limit": "1",
    "jit": "off",  # which such costs would call for each time
    "enable_seqscan": "off",
    "enable_nestloop": "off",
    "work_mem": "64kB",
    "client_min_messages": "error",
    "synchronous_commit": "off",
    "plpgsql.extra_errors": "all",
    "plpgsql.variable_conflict": "use_variable",
}
HOSTILE: dict[str, dict[str, str]] = {
    "meaning": MEANING,
    "running": RUNNING,
    "an error ends the session": {"exit_on_error": "on"},
}
ELSEWHERE = """
create schema elsewhere;
create function elsewhere.now() returns timestamptz language sql return null::timestamptz;
create table elsewhere.worker_notifications ();
create table elsewhere.severity_rules ();
create table elsewhere.own_sellers (seller_id text);
create table elsewhere._deployed ();
grant usage on schema elsewhere to public;
grant all on all tables in schema elsewhere to public;
"""


def odd_messages() -> Iterator[str]:
    """What a setting might turn into something else."""
    facts = n.OfferChange(offers=(n.Offer(n.SELLER, Decimal("12.50"), prime="IsPrime"), n.Offer()))
    yield n.text(n.camel(replace(facts, condition="LIKE_NEW", asin="B0ODDCAMEL")))
    yield n.text(n.camel(n.PricingHealth(merchant=n.Price(Decimal(20)), threshold=Decimal(10))))
    yield n.text(n.sns(n.pascal(replace(facts, asin="B0ODDSNS"))))
    times = ("20240131T103000,5+0530", "2024-03-04 05:06", "2024-01-31T09:30:00", "01/02/2024")
    for number, time in enumerate((*times, "2024-02-30T10:00:00Z")):
        message = n.pascal(replace(facts, asin=f"B0ODDTIME{number}"))
        yield n.text(message | {"EventTime": time})
    for number, amount in enumerate(("24.99", "1e1", "1,5", "\N{SNOWMAN}", True)):
        message = n.pascal(replace(facts, asin=f"B0ODDAMOUNT{number}"))
        offers = message["Payload"]["AnyOfferChangedNotification"]["Offers"]
        offers[0]["ListingPrice"]["Amount"] = amount
        yield json.dumps(message, ensure_ascii=False)
    message = n.pascal(replace(facts, asin="B0ODDTEXT", notification_id=r" a\b\\c'd"))
    yield json.dumps(message | {"Note": "Stra\N{LATIN SMALL LETTER SHARP S}e \N{SNOWMAN} \\d"})
    yield json.dumps(message | {"Note": "\N{SNOWMAN} \\ ' \""}, ensure_ascii=False)
    yield "no json"
    yield '{"NotificationType": "X", "Payload": "\\u0000"}'


MESSAGES = [
    *(path.read_bytes().decode() for path in sorted((ROOT / "tests/fixtures").glob("*.json"))),
    *odd_messages(),
]


def results(url: str) -> dict[str, Rows]:
    """What comes of the messages: the rows returned, stored and shown."""
    # As the relay connects and calls.
    with psycopg.connect(
        url, autocommit=True, client_encoding="UTF8", application_name="worker-7"
    ) as connection:
        returned = [n.ingest(connection, f"m-{i:02}", body) for i, body in enumerate(MESSAGES)]
    queries = {
        "stored": "select * from worker_notifications order by message_id",
        "state": 'select * from current_state order by asin collate "C", item_condition',
        "failed": "select * from worker_failures order by message_id",
        "explained": "select n.message_id, e.* from worker_notifications as n"
        " cross join lateral explain_severity(n.message_id) with ordinality as e"
        " where n.notification_type <> 'B2B_ANY_OFFER_CHANGED' order by 1, e.ordinality",
        "history": "select * from price_history order by message_id",
    }
    with psycopg.connect(url, client_encoding="UTF8") as connection:
        connection.execute("set search_path = public; set timezone = 'UTC'; set datestyle = 'ISO'")
        cursor = connection.cursor(row_factory=dict_row)
        found = {name: cursor.execute(query).fetchall() for name, query in queries.items()}
    other_each_time = {"id", "notification_id", "last_notification_id", "trace_id", "stack_trace"}
    return {
        name: [
            {
                column: value
                for column, value in row.items()
                if column not in other_each_time and not column.endswith(("_at", "last_updated"))
            }
            for row in rows
        ]
        for name, rows in (found | {"returned": returned}).items()
    }


@pytest.fixture(scope="module")
def expected(cluster: Cluster) -> dict[str, Rows]:
    url = cluster.create_database(migrated=True)
    found = results(url)
    cluster.drop_database(url)
    outcomes = {row["outcome"] for row in found["returned"]}
    assert outcomes == {"processed", "failed"}
    return found


@pytest.mark.ingest
@pytest.mark.parametrize("name", HOSTILE)
def test_a_databases_defaults_change_neither_what_is_made_nor_what_comes_of_messages(
    cluster: Cluster,
    database_url: str,
    empty_database_url: str,
    expected: dict[str, Rows],
    name: str,
) -> None:
    url = empty_database_url
    cluster.sql(ELSEWHERE, url)

    def set_all() -> None:
        for setting, value in HOSTILE[name].items():
            to = value if setting == "search_path" else f"'{value}'"
            cluster.sql(f"alter database {name_of(url)} set {setting} = {to}")

    set_all()
    migrate(url)
    migrate(url)
    cluster.sql(f"alter database {name_of(url)} reset all")
    assert catalog(url) == catalog(database_url)
    set_all()
    assert results(url) == expected


@pytest.mark.ingest
def test_migrating_outlasts_a_databases_timeouts(cluster: Cluster, empty_database_url: str) -> None:
    name = name_of(empty_database_url)
    timeouts = (
        "select name from pg_settings where context = 'user'"
        " and name ~ '^(idle|statement|transaction)_.*timeout$'"
    )
    for setting in cluster.sql(timeouts).split():
        cluster.sql(f"alter database {name} set {setting} = '300ms'")
    assert "deployed" in migrate(empty_database_url)


def test_a_turkish_database_reads_every_spelling(
    cluster: Cluster, expected: dict[str, Rows]
) -> None:
    """There lower('ASIN') is no 'asin'."""
    cluster.sql(
        "create database turkish owner seller template template0"
        " locale_provider icu icu_locale 'tr' locale 'C.UTF-8'"
    )
    url = f"postgresql://seller:{cluster.password}@127.0.0.1:{cluster.port}/turkish"
    migrate(url)
    assert results(url) == expected
    cluster.drop_database(url)
