"""Rebuilding and pruning, in SQL and by db/maintain.py in chunks, beside live ingest."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString

import maintain
import notifications as n
import oracle
import psycopg
import pytest
import strategies as s
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from psycopg import errors

ROOT = Path(__file__).resolve().parents[2]
Connection = psycopg.Connection[Any]
WaitUntil = Callable[..., None]
X, Y = "B0TEST0001", "B0TEST0002"


def rows(db: Connection, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
    return db.execute(query, parameters).fetchall()


def one(db: Connection, query: LiteralString, *parameters: object) -> Any:
    """The one value of a query's one row."""
    ((value,),) = rows(db, query, *parameters)
    return value


def offers(price: int, minute: int = 0, **facts: Any) -> str:
    """A body by which the own offer has this price since this minute."""
    time = n.START + timedelta(minutes=minute)
    offer = n.Offer(seller=n.SELLER, listing=Decimal(price))
    return n.text(n.pascal(n.OfferChange(event_time=time, offers=(offer,), **facts)))


def ingest(db: Connection, *bodies: str) -> None:
    """Ingests as messages m-0, m-1, …, each of which must be stored."""
    for number, text in enumerate(bodies):
        assert n.ingest(db, f"m-{number}", text)["outcome"] in ("processed", "stale")


def backdate(db: Connection, days: int) -> None:
    """Makes all that is stored so many days older."""
    db.execute(
        "update worker_notifications set received_at = received_at - make_interval(days => %s)",
        (days,),
    )


# Rebuilding.


def recent(facts: n.Facts) -> n.Facts:
    """The same a hundred days ago: pruning rolls up each day since."""
    by = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - n.START
    by -= timedelta(days=100)
    names = ("event_time", "change_time", "publish_time")
    return dataclasses.replace(facts, **{k: t + by for k in names if (t := getattr(facts, k))})


dated = (
    (s.offer_changes | s.pricing_healths)
    .filter(lambda facts: facts.event_time or facts.change_time or facts.publish_time)
    .map(recent)
)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(s.bodies(dated), min_size=1, max_size=12, unique_by=lambda m: m[1]))
def test_rebuild_gives_what_live_ingest_left_and_after_pruning_still(
    db: Connection, history: list[tuple[n.Facts, str]]
) -> None:
    newest: dict[Any, tuple[datetime, str]] = {}
    for facts, body in history:
        if found := oracle.analyze(facts):
            assert found.time
            register = (found.key, type(facts))
            this = (found.time, oracle.dedupe_hash(body))
            newest[register] = max(this, newest.get(register, this))
    event(f"{len(history) - len(newest)} to prune")

    with db.transaction(force_rollback=True):
        ingest(db, *(body for _, body in history))
        live = n.current_state(db)
        assert one(db, "select rebuild_current_state()") == len(live)
        assert n.current_state(db) == live

        backdate(db, 91)
        pruned = one(db, "select prune_notifications('90 days')")
        assert pruned == len(history) - len(newest)
        kept = rows(db, "select dedupe_hash from worker_notifications")
        assert sorted(kept) == sorted((text_hash,) for _, text_hash in newest.values())
        assert n.current_state(db) == live
        db.execute("delete from current_state")
        assert one(db, "select rebuild_current_state()") == len(live)
        assert n.current_state(db) == live


def test_rebuild_of_one_asin_leaves_the_others_alone(db: Connection) -> None:
    ingest(db, offers(10), offers(11, condition="used"), offers(12, asin=Y))
    live = n.current_state(db)
    db.execute("update current_state set your_price = 1, severity = 'high'")
    db.execute(
        "insert into current_state (asin, item_condition) values (%s, 'new'), (%s, 'x')",
        (Y + "-", X),
    )
    wrong = n.current_state(db)
    assert one(db, "select rebuild_current_state(%s)", X) == 2
    assert n.current_state(db) == {
        key: live[key] if key[0] == X else row
        for key, row in wrong.items()
        if key != (X, n.UK, "x")  # of which nothing is stored
    }
    assert one(db, "select rebuild_current_state()") == 3
    assert n.current_state(db) == live
    assert one(db, "select rebuild_current_state('B0UNKNOWN')") == 0


def test_rebuild_keeps_the_severities_stored(db: Connection) -> None:
    ingest(db, offers(10))
    db.execute("update worker_notifications set severity = 'critical'")
    db.execute("select rebuild_current_state()")
    assert rows(db, "select severity from current_state") == [("critical",)]


@pytest.mark.parametrize("first", ["rebuild", "ingest"])
@pytest.mark.parametrize("asin_in_sight", [True, False])
@pytest.mark.parametrize("row_there", [True, False])
def test_rebuild_beside_live_ingest_loses_no_update(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: Callable[[Connection, Connection], None],
    first: str,
    asin_in_sight: bool,
    row_there: bool,
) -> None:
    ingest(db, offers(10))
    if not row_there:
        db.execute("delete from current_state")
    newer = offers(11, minute=1)
    if not asin_in_sight:  # valid JSON for the same, but then ingest takes another lock
        newer = newer.replace('"ASIN"', '"\\u0041SIN"')
    assert one(db, "select ingest_order(%s) = lock_of_item(%s)", newer, X) is asin_in_sight

    def rebuild(session: Connection) -> object:
        return one(session, "select rebuild_current_state()")

    def arrive(session: Connection) -> object:
        return n.ingest(session, "newer", newer)["outcome"]

    holder, other = connect(), connect()
    calls = [rebuild, arrive] if first == "rebuild" else [arrive, rebuild]
    with holder.transaction():
        done = calls[0](holder)
        waiting = in_background(calls[1], other)
        wait_for(other, holder)
    assert {done, waiting.result()} == {1, "processed"}
    ((price, message),) = rows(
        db,
        "select c.your_price, n.message_id from current_state as c"
        " inner join worker_notifications as n on c.last_notification_id = n.id",
    )
    assert (price, message) == (11, "newer")


@pytest.mark.parametrize(
    "statement", ["select rebuild_current_state()", "select * from rerun_severity()"]
)
def test_no_maintenance_deadlocks_with_a_batch(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: Callable[[Connection, Connection], None],
    statement: LiteralString,
) -> None:
    (low,), (high,) = rows(
        db, "select a from unnest(%s::text[]) as a order by lock_of_item(a)", [X, Y]
    )
    ingest(db, offers(10, asin=high), offers(10, asin=low))  # rows in the other order
    db.execute("update worker_notifications set severity = 'high'")
    batch, other = connect(), connect()
    with batch.transaction():
        n.ingest(batch, "first", offers(11, minute=1, asin=low))
        working = in_background(rows, other, statement)
        wait_for(other, batch)
        n.ingest(batch, "second", offers(11, minute=1, asin=high))
    working.result()
    assert rows(db, "select distinct your_price, severity from current_state") == [(11, "success")]


# Pruning.


def test_prune_refuses_what_sqs_could_bring_again(db: Connection) -> None:
    ingest(db, n.text(n.other()))
    backdate(db, 400)
    for keep in (None, "27 days", "27 days 23:59:59", "-1 year", "0"):
        with pytest.raises(psycopg.Error) as error:
            rows(db, "select prune_notifications(%s)", keep)
        assert error.value.sqlstate == "OC103"
        assert "14 days" in (error.value.diag.message_hint or "")
    assert one(db, "select prune_notifications('28 days')") == 1


def test_prune_deletes_what_was_received_longer_ago_and_failures_resolved_as_long_ago(
    db: Connection,
) -> None:
    with db.transaction():  # in which now() stands still
        ages = {"m-0": "30 days", "m-1": "30 days 1 second", "m-2": "1 day", "m-3": "1 year"}
        ingest(db, *(n.text(n.other(number=number)) for number in range(len(ages))))
        for message, age in ages.items():
            db.execute(
                "update worker_notifications set received_at = now() - %s::interval"
                " where message_id = %s",
                (age, message),
            )
        resolved = {"f-0": "31 days", "f-1": "29 days", "f-2": None}
        for message, since in resolved.items():
            n.ingest(db, message, f"no json: {message}")
            db.execute(
                "update worker_failures set first_failed_at = now() - interval '1 year',"
                " last_failed_at = now() - interval '1 year', resolved_at = now() - %s::interval"
                " where message_id = %s",
                (since, message),
            )
        assert one(db, "select prune_notifications('30 days')") == 2
    left = rows(db, "select message_id from worker_notifications order by message_id")
    assert left == [("m-0",), ("m-2",)]
    left = rows(db, "select message_id from worker_failures order by message_id")
    assert left == [("f-1",), ("f-2",)]


def test_prune_deletes_at_most_max_rows(db: Connection) -> None:
    ingest(db, *(n.text(n.other(number=number)) for number in range(5)), offers(10))
    backdate(db, 40)
    pruned = [one(db, "select prune_notifications('30 days', 2)") for _ in range(4)]
    assert pruned == [2, 2, 1, 0]
    assert rows(db, "select asin from worker_notifications") == [(X,)]


def test_prune_looks_at_few_rows_for_each(db: Connection) -> None:
    """However many an item has: from the oldest on, a newer one is 150 further on average here."""
    bodies = 300
    ingest(db, *(offers(10, minute) for minute in range(bodies)))
    backdate(db, 100)
    db.execute("select roll_up_days()")  # which reads them, too
    db.execute("set enable_seqscan = off")  # which so small a table would have
    read = (
        "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables"
        " where relname = 'worker_notifications'"
    )
    db.execute("select pg_stat_force_next_flush()")
    before = one(db, read)
    assert one(db, "select prune_notifications('30 days')") == bodies - 1
    db.execute("select pg_stat_force_next_flush()")
    assert one(db, read) - before < 10 * bodies


def test_prune_keeps_what_current_state_still_shows(db: Connection) -> None:
    """Ingest waits for no pruning, nor pruning for it: what is newest may not be committed yet."""
    ingest(db, offers(10))
    backdate(db, 40)
    with psycopg.connect(db.info.dsn, password=db.info.password) as live:
        assert n.ingest(live, "newer", offers(11, minute=1))["outcome"] == "processed"
        assert one(db, "select prune_notifications('30 days')") == 0
    assert one(db, "select prune_notifications('30 days')") == 1
    assert rows(db, "select your_price from current_state") == [(11,)]


@pytest.mark.parametrize("statement", ["select rerun_severity()", "select rebuild_current_state()"])
def test_maintenance_is_one_at_a_time(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    wait_for: Callable[[Connection, Connection], None],
    statement: LiteralString,
) -> None:
    ingest(db, offers(10), offers(11, minute=1))
    backdate(db, 40)
    holder, other = connect(), connect()
    with holder.transaction():
        holder.execute(statement)
        pruning = in_background(one, other, "select prune_notifications('30 days')")
        wait_for(other, holder)
    assert pruning.result() == 1


MAINTENANCE: tuple[LiteralString, ...] = (
    "select rebuild_current_state()",
    "select rebuild_current_state('B0TEST0001')",
    "select * from rerun_severity()",
    "select prune_notifications('30 days')",
    "select activate_severity_rules('default')",
)


@pytest.mark.parametrize("statement", MAINTENANCE)
@pytest.mark.parametrize(
    ("before", "during"), [("0", "1min"), ("2min", "1min"), ("100ms", "100ms"), ("1min", "1min")]
)
def test_a_transaction_of_maintenance_may_be_idle_for_a_minute_at_most(
    db: Connection, statement: LiteralString, before: LiteralString, during: str
) -> None:
    show: LiteralString = "show idle_in_transaction_session_timeout"
    db.execute(f"set idle_in_transaction_session_timeout = '{before}'")
    with db.transaction():
        db.execute(statement)
        assert one(db, show) == during
    assert one(db, show) == before


def test_a_forgotten_rebuild_does_not_hold_up_its_item_for_good(
    db: Connection, connect: Callable[[], Connection]
) -> None:
    ingest(db, offers(10))
    forgotten = connect()
    forgotten.execute("set idle_in_transaction_session_timeout = '100ms'")
    forgotten.execute("begin")
    forgotten.execute("select rebuild_current_state()")
    db.execute("set lock_timeout = '30s'")
    assert n.ingest(db, "newer", offers(11, minute=1))["outcome"] == "processed"
    with pytest.raises(errors.IdleInTransactionSessionTimeout):
        forgotten.execute("commit")


# In chunks.


def run(command: str, database_url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What make does."""
    return subprocess.run(
        [sys.executable, "db/maintain.py", *command.split()],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url} | environment,
        capture_output=True,
        text=True,
    )


def chunks(db: Connection, table: LiteralString) -> int:
    """In how many transactions the rows of a table were written."""
    return int(one(db, f"select count(distinct xmin::text) from {table}"))


def test_rerun_goes_through_all_of_it_with_a_commit_a_chunk(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(db, *(offers(10 + number, minute=number) for number in range(10)))
    # An uneven history, to the microsecond.
    db.execute(
        "update worker_notifications set received_at = timestamptz '2025-01-01 00:00:00.000001Z'"
        " + power(substr(message_id, 3)::int, 3) * interval '7 days 0.000003 s',"
        " severity = 'critical'"
    )
    monkeypatch.setattr(maintain, "CHUNK", 3)
    with psycopg.connect(database_url) as connection:
        said = maintain.rerun(connection)
    assert said == "10 notifications examined, 10 severities changed"
    assert rows(db, "select distinct severity from worker_notifications") == [("success",)]
    assert chunks(db, "worker_notifications") > 1
    again = run("rerun", database_url)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "rerun: 10 notifications examined, 0 severities changed\n"


def test_reruns_chunks_are_of_as_many_rows_whenever_those_came(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came at one moment cannot be cut; it makes no other chunk larger."""
    ingest(db, *(offers(10 + number, minute=number) for number in range(20)))
    # One a day, but for a burst of ten within milliseconds and one of five at once.
    days = [*range(5), *(5 + number / 1e9 for number in range(10)), *([6] * 5)]
    for number, day in enumerate(days):
        db.execute(
            "update worker_notifications set severity = 'critical',"
            " received_at = timestamptz '2025-01-01Z' + %s * interval '1 day'"
            " where message_id = %s",
            (day, f"m-{number}"),
        )
    monkeypatch.setattr(maintain, "CHUNK", 3)
    with psycopg.connect(database_url) as connection:
        assert maintain.rerun(connection) == "20 notifications examined, 20 severities changed"
    sizes = rows(
        db,
        "select count(*) from worker_notifications group by xmin::text order by min(received_at)",
    )
    assert sizes == [(3,), (3,), (3,), (3,), (3,), (5,)]


def test_rebuild_goes_item_by_item_with_a_commit_a_chunk(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(db, *(offers(10 + number, asin=f"B0TEST{number % 5}") for number in range(10)))
    live = n.current_state(db)
    db.execute("delete from current_state where asin < 'B0TEST3'")
    db.execute("insert into current_state (asin) values ('B0NOTHING')")
    monkeypatch.setattr(maintain, "ITEMS", 2)
    with psycopg.connect(database_url) as connection:
        said = maintain.rebuild(connection)
    assert said == "6 items rebuilt, 5 rows in current_state"
    assert n.current_state(db) == live
    assert chunks(db, "current_state") == 3
    again = run("rebuild", database_url)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "rebuild: 5 items rebuilt, 5 rows in current_state\n"
    assert n.current_state(db) == live


def test_rollup_goes_day_by_day_with_a_commit_a_chunk(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes = [
        int((one(db, "select now()") - n.START).total_seconds() / 60) - days * 24 * 60
        for days in (9, 6, 6, 3, 3, 0)
    ]
    ingest(db, *(offers(10 + number, minute) for number, minute in enumerate(minutes)))
    monkeypatch.setattr(maintain, "CHUNK", 2)
    with psycopg.connect(database_url) as connection:
        said = maintain.rollup(connection)
    yesterday = one(db, "select utc_day(now()) - 1")
    days = one(db, "select count(*) from item_days")
    assert days == one(db, "select max(day) - min(day) + 1 from item_days")
    assert said == f"item_days rolled up to {yesterday}, {days} rows written"
    assert chunks(db, "item_days") > 1
    again = run("rollup", database_url)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == f"rollup: item_days rolled up to {yesterday}, 0 rows written\n"


def test_prune_that_is_stopped_keeps_what_it_has_done(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(db, *(n.text(n.other(number=number)) for number in range(6)))
    backdate(db, 91)
    db.execute(
        """
        create function stop() returns trigger language plpgsql as $$
        begin
          if (select count(*) from worker_notifications) <= 3 then
            raise query_canceled;
          end if;
          return old;
        end
        $$;
        create trigger stop before delete on worker_notifications
        for each row execute function stop();
        """
    )
    monkeypatch.setattr(maintain, "CHUNK", 2)
    with pytest.raises(errors.QueryCanceled), psycopg.connect(database_url) as connection:
        maintain.prune(connection)
    assert one(db, "select count(*) from worker_notifications") == 4
    stopped = run("prune", database_url)
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert "prune: " in stopped.stderr
    assert one(db, "select count(*) from worker_notifications") == 4
    db.execute("drop trigger stop on worker_notifications")
    kept = run("prune", database_url, KEEP="100 days")
    assert kept.stdout == "prune: 0 notifications older than 100 days deleted\n"
    done = run("prune", database_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "prune: 4 notifications older than 90 days deleted\n"
    refused = run("prune", database_url, KEEP="27 days")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "28 days" in refused.stderr
    assert "hint: SQS keeps a message 14 days" in refused.stderr


def test_on_an_empty_database_there_is_nothing_to_do(database_url: str) -> None:
    said = [run(command, database_url) for command in ("rerun", "rebuild", "prune")]
    assert [done.returncode for done in said] == [0, 0, 0]
    assert [done.stdout for done in said] == [
        "rerun: 0 notifications examined, 0 severities changed\n",
        "rebuild: 0 items rebuilt, 0 rows in current_state\n",
        "prune: 0 notifications older than 90 days deleted\n",
    ]


def test_a_wrong_call_ends_with_status_2_and_one_line() -> None:
    for command, url, says in [
        ("", "postgresql://u:s3cret@127.0.0.1:1/none", "usage"),
        ("vacuum", "postgresql://u:s3cret@127.0.0.1:1/none", "usage"),
        ("rerun", "", "DATABASE_URL"),
        ("rerun", "mysql://u:s3cret@127.0.0.1:1/none", "DATABASE_URL"),
    ]:
        done = run(command, url)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert done.stderr.count("\n") == 1
        assert "s3cret" not in done.stderr
    away = run("rerun", "postgresql://u:s3cret@127.0.0.1:1/none")
    assert (away.returncode, away.stdout) == (1, "")
    assert "s3cret" not in away.stderr


def test_rebuild_passes_over_what_cannot_be_analysed(db: Connection) -> None:
    """The original stored some that this system would have refused, and perhaps as the newest."""
    older = n.OfferChange(asin=X, offers=(n.Offer(),))
    newer = dataclasses.replace(older, event_time=n.START + timedelta(minutes=1))
    ingest(db, n.text(n.pascal(older)), n.text(n.pascal(newer)))
    before = one(db, "select event_time from current_state")
    db.execute(
        "update worker_notifications set raw_notification = '{\"notificationType\": []}'"
        " where event_time = %s",
        (before,),
    )
    assert one(db, "select mark_unreadable()") == 1
    assert one(db, "select rebuild_current_state()") == 1
    assert one(db, "select event_time from current_state") < before
