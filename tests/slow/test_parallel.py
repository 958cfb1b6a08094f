"""What analysts call, where the planner spreads it over workers, as it does from some size on.

Found in the catalog, so that what is added is tried as well. The settings make a few hundred rows
cost like a hundred thousand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, LiteralString

import notifications as n
import original
import psycopg
import pytest
from cluster import Cluster, migrate
from migrate import HERE
from psycopg import errors, sql
from psycopg.rows import class_row

pytestmark = pytest.mark.ingest  # parallel plans differ between versions
Connection = psycopg.Connection[Any]

# An argument's value by its name, or by name and type where several have it. `n` is a row of
# worker_notifications, each of which is tried.
ARGUMENTS: dict[str, LiteralString] = {
    "asin": "'B0ITEM1'",
    "buy_box_winner": "false",
    "item_condition": "'new'",
    "keep": "interval '30 days'",
    "market_low": "9",
    "marketplace": "'A1F83G8C2ARO7P'",
    "max_rows": "1",
    "message_id": "n.message_id",
    "name": "'default'",
    "notification": "n.raw_notification",
    "own_sellers": "array(select s.seller_id from own_sellers as s)",
    "rule severity_rules": "(select r from severity_rules as r where r.active)",
    "rules severity_rules": "(select r from severity_rules as r where r.active)",
    "rule text": "'critical'",
    "rules": "'default'",
    "since": "'-infinity'",
    "total_offers": "5",
    "until": "'infinity'",
    "your_position": "4",
    "your_price": "10",
}
# Of these, what is called with other arguments would be found by nobody.
DOCUMENTED = {
    *("activate_severity_rules", "analyze_notification", "buy_box_share", "calculate_severity"),
    *("explain_severity", "extract_offers", "preview_severity", "price_history"),
    *("prune_notifications", "rebuild_current_state", "rerun_severity", "retry_failure"),
    *("retry_failures", "severity_changes"),
    *(file.stem for file in HERE.glob("functions/analysts/*.sql")),
    *(file.stem for file in HERE.glob("views/*.sql")),
}
# A function with `since` reads the history, as a view of worker_notifications does, but for the one
# of the last hours.
CALLS = """
select c.relname as name, null as arguments,
  pg_get_viewdef(c.oid) ~ 'worker_notifications|price_history' and c.relname <> 'ingest_stats'
    as reads_history
from pg_class as c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
union all
select p.proname, a.arguments,
  p.provolatile <> 'v' and exists (select from unnest(a.arguments) as v where v ~ '^since ')
    -- what takes the sellers is inlined into others, whose plans are seen
    and not exists (select from unnest(a.arguments) as v where v ~ '^own_sellers ')
from pg_proc as p
cross join lateral (
  -- both with and without an argument that has a default: of one item and of all
  select array(
    select p.proargnames[i] || ' ' || format_type(p.proargtypes[i - 1], null)
    from generate_series(1, p.pronargs - s.omitted) as i
    order by i
  ) as arguments
  from generate_series(0, least(p.pronargdefaults, 1)) as s (omitted)
) as a
where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
order by 1, 2
"""
SETTINGS: dict[str, dict[str, str]] = {
    "large": {
        "parallel_setup_cost": "0",
        "parallel_tuple_cost": "0",
        "min_parallel_table_scan_size": "0",
        "min_parallel_index_scan_size": "0",
    },
    # In a worker whatever is said to be safe there.
    "forced": {"debug_parallel_query": "on"},
}
# Unreadable for several reasons; the original stored the like.
UNREADABLE = ("{}", '{"notificationType": 5}', '{"NotificationType": "ANY_OFFER_CHANGED"}')


@dataclass
class Call:
    """A function with its arguments, each with its type, or a view."""

    name: str
    arguments: list[str] | None
    reads_history: bool

    def statement(self) -> sql.Composed | None:
        """A query that reads all that it returns; None where an argument has no value here."""
        name = sql.Identifier(self.name)
        if self.arguments is None:
            return sql.SQL("select * from {}").format(name)
        values = [ARGUMENTS.get(a) or ARGUMENTS.get(a.split()[0]) for a in self.arguments]
        if self.name == "retry_failure":
            values = ["'bad'"]
        if None in values:
            return None
        call = sql.SQL("{}({})").format(name, sql.SQL(", ").join(sql.SQL(v) for v in values if v))
        if not any(v and v.startswith("n.") for v in values):
            return sql.SQL("select * from {}").format(call)
        rows = "select f.* from worker_notifications as n cross join lateral {} as f"
        return sql.SQL(rows + " where n.message_id like 'm-%9'").format(call)


@pytest.fixture(scope="module")
def history(cluster: Cluster) -> Iterator[str]:
    """An adopted database with rows that nobody can read and a history beside them."""
    url = cluster.create_database()
    original.make_tables(url)
    for number, body in enumerate(UNREADABLE):
        original.store(url, f"old-{number}", body, "B0ITEM0")
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for minute in range(50):
            facts: n.Facts = n.OfferChange(
                asin=f"B0ITEM{minute % 5}",
                event_time=n.START + timedelta(minutes=minute),
                offers=(n.Offer(n.SELLER, Decimal(10 + minute % 7)), n.Offer()),
            )
            if minute % 10 == 9:
                facts = n.PricingHealth(asin=facts.asin, event_time=facts.event_time)
            n.ingest(connection, f"m-{minute}", n.text(n.pascal(facts)))
        n.ingest(connection, "m-other", n.text(n.other()))
        n.ingest(connection, "bad", "no json")
        connection.execute("analyze")
    yield url
    cluster.drop_database(url)


@pytest.mark.parametrize("settings", SETTINGS)
def test_whatever_analysts_call_works_in_a_parallel_plan(history: str, settings: str) -> None:
    tried: set[str] = set()
    not_parallel: list[str] = []
    failed: list[str] = []
    with psycopg.connect(history) as connection:
        for name, value in SETTINGS[settings].items():
            try:
                with connection.transaction():
                    connection.execute(sql.SQL("set {} = {}").format(sql.Identifier(name), value))
            except errors.UndefinedObject:  # its name until Postgres 16
                connection.execute(sql.SQL("set force_parallel_mode = {}").format(value))
        plans: list[str] = []
        connection.add_notice_handler(lambda notice: plans.append(notice.message_detail or ""))
        # The plans of a function's own statements are shown too; explain keeps them to itself.
        connection.execute("set debug_print_plan = on")
        connection.execute("set client_min_messages = log")
        connection.commit()
        for call in connection.cursor(row_factory=class_row(Call)).execute(CALLS).fetchall():
            statement = call.statement()
            if statement is None:
                continue
            tried.add(call.name)
            plans.clear()
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement)
            except psycopg.Error as error:
                failed.append(f"{statement.as_string()}: {error.diag.message_primary}")
            if call.reads_history and ":parallelModeNeeded true" not in " ".join(plans):
                not_parallel.append(statement.as_string())
    assert not failed, "\n".join(failed)
    assert not_parallel == []
    assert tried >= DOCUMENTED
