"""What each step of ingest costs: the same batches again and again, with one more step each time.

The steps call the real functions and copy the real tables, so they follow what those become. A
batch is one transaction here too: much of PL/pgSQL's cost comes once a transaction.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import islice, pairwise
from statistics import quantiles

import psycopg
from measure import LIMITS, SIZES, Bench, Subject, alternate, connect, ingest, show
from messages import Message, messages

import relay

ROUND = 100  # messages

# What a loop does with each body before any step, and then step by step.
PARSED = (
    ("locks", "perform hold_rules(), pg_advisory_xact_lock(ingest_order(body))"),
    ("parse", "notification := body::jsonb"),
    ("unwrap_envelope", "notification := unwrap_envelope(notification)"),
    ("find_rules, own_seller_ids", "rule := find_rules(); sellers := own_seller_ids()"),
)
ANALYZE = "a := analyze_by(notification, rule, sellers)"
ANALYSIS = (
    ("of that read_header", "header := read_header(notification)"),
    (
        "of that priced_offers",
        "perform priced_offers(header.offers, sellers, header.marketplace)",
    ),
    (
        "of that the summary's price and count",
        "price := summary_buy_box_price(header.summary, header.marketplace, header.item_condition);"
        " offers := summary_offer_count(header.summary, header.item_condition)",
    ),
    ("of that severity_by", "severity := severity_by(rule, 12.5, 10.1, 7, 12, false)"),
)
# A row like any other, but with nothing analysed.
ROW = """
hash := encode(sha256(convert_to(body, 'UTF8')), 'hex');
notification := body::jsonb;
a.notification_type := 'ANY_OFFER_CHANGED';
a.asin := 'B0BENCH' || (hashtext(body) & 511);
a.marketplace := 'A1F83G8C2ARO7P';
a.item_condition := 'new';
a.your_price := 12.5;
a.market_low := 10.1;
a.your_position := 7;
a.total_offers := 12;
a.severity := 'warning'
"""
INSERT = """
insert into {table} (
  message_id, dedupe_hash, asin, marketplace, item_condition, raw_notification, notification_type,
  event_time, severity, status, received_at, processed_at, trace_id, worker_id
)
values (
  gen_random_uuid()::text, hash, a.asin, a.marketplace, a.item_condition, notification,
  a.notification_type, clock_timestamp(), a.severity, 'completed', now(), clock_timestamp(),
  gen_random_uuid()::text, current_setting('application_name')
)
{conflict} returning {table}.id into id
"""
APPLY = "perform apply_to_current_state(id, hash, clock_timestamp(), a)"
BLOCK = "begin {statement}; exception when others then raise; end"

LOOP = """
create function {name}(bodies text[]) returns void language plpgsql volatile
set search_path = pg_catalog, public, pg_temp as $$
declare
  body text;
  hash text;
  notification jsonb;
  rule severity_rules;
  sellers text[];
  header record;
  price numeric;
  offers integer;
  severity text;
  a notification_analysis;
  id uuid;
begin
  foreach body in array bodies loop
    {statements};
  end loop;
end
$$
"""
EMPTY = """
create or replace function ingest_notification(
  message_id text, body text, out outcome text, out acknowledge boolean, out notification_id uuid,
  out asin text, out marketplace text, out severity text, out trace_id text, out error_type text,
  out error_message text
)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as 'begin end'
"""
# What hangs on current_state, and the statements that take it away.
EXTRAS = (
    (
        "current_state's checks",
        "select format('alter table current_state drop constraint %I', conname)"
        " from pg_constraint where conrelid = 'current_state'::regclass and contype = 'c'",
    ),
    (
        "current_state_last_notification_id_idx",
        "select format('drop index %s', indexrelid::regclass) from pg_index"
        " where indrelid = 'current_state'::regclass and not indisprimary",
    ),
    (
        "foreign key",
        "select format('alter table current_state drop constraint %I', conname)"
        " from pg_constraint where conrelid = 'current_state'::regclass and contype = 'f'",
    ),
    (
        "notify trigger, and telling at commit",
        "select format('drop trigger %I on current_state', tgname) from pg_trigger"
        " where tgrelid = 'current_state'::regclass and not tgisinternal",
    ),
)

Send = Callable[[psycopg.Connection, list[Message]], object]
Ladder = list[tuple[str, Subject]]  # a step, and what does it and all those before it


def steps(bench: Bench) -> None:
    """A table of what each step adds, in microseconds of the backend's processor time."""
    columns: dict[int, dict[str, float]] = {}
    for offers in SIZES:
        with ExitStack() as stack:
            maker = Maker(bench, stack, offers)
            ladders = [maker.call(), *maker.analysis(), maker.insert(), maker.apply()]
            whole = maker.subject(bench.database(), ingest)
            subjects = {id(subject): subject for ladder in ladders for _, subject in ladder}
            alternate([*subjects.values(), whole], bench.some(120), f"steps, {offers} offers")
        added = {
            step: low(subject) - low(before)
            for ladder in ladders
            for (_, before), (step, subject) in pairwise(ladder)
        }
        received = low(ladders[0][0][1])
        columns[offers] = {"receive": received} | added | {"ingest as a whole": low(whole)}
    rows = [[step, *(f"{columns[n][step]:.1f}" for n in SIZES)] for step in columns[SIZES[0]]]
    show("Steps, CPU µs a message", ["", *(f"{n} offers" for n in SIZES)], rows)
    bench.save("steps", columns)


def low(subject: Subject) -> float:
    """The lower quartile: small differences drown in what disturbs the upper ones."""
    return quantiles(subject.cpu, n=4)[0]


def receive(db: psycopg.Connection, batch: list[Message]) -> None:
    """The relay's round trip with a statement that does nothing."""
    columns = [[m.message_id for m in batch], [m.body for m in batch]]
    with db.pipeline():
        db.execute(relay.SETTINGS, LIMITS)
        db.execute("select count(*) from unnest(%b::text[], %b::text[])", columns)


def go_through(name: str, db: psycopg.Connection, batch: list[Message]) -> None:
    """Calls a loop's function."""
    db.execute(f"select {name}(%b::text[])".encode(), [[m.body for m in batch]])


class Maker:
    """Makes the ladders for messages of one size, each subject with a backend of its own."""

    def __init__(self, bench: Bench, stack: ExitStack, offers: int) -> None:
        self._bench, self._stack, self._offers = bench, stack, offers
        self._loops = 0

    def subject(self, url: str, send: Send, *, flush: bool = False) -> Subject:
        """Its commits are not flushed to disk unless asked for: what that costs varies most."""
        stream = messages(self._offers)
        db = self._stack.enter_context(connect(url))
        db.execute(f"set synchronous_commit = {'on' if flush else 'off'}")
        return Subject("", db, lambda: list(islice(stream, ROUND)), send)

    def loop(self, url: str, *statements: str, flush: bool = False) -> Subject:
        """Goes through each batch with these PL/pgSQL statements, and commits."""
        self._loops += 1
        name = f"loop_{self._loops}"
        with connect(url) as db:
            db.execute(LOOP.format(name=name, statements=";\n".join(statements)).encode())
        return self.subject(url, partial(go_through, name), flush=flush)

    def loops(self, url: str, first: tuple[str, ...], more: tuple[tuple[str, str], ...]) -> Ladder:
        """A ladder of loops: one with the first statements, then with ever more."""
        ladder = [("", self.loop(url, *first))]
        for count, (step, _) in enumerate(more, start=1):
            ladder.append((step, self.loop(url, *first, *(s for _, s in more[:count]))))
        return ladder

    def call(self) -> Ladder:
        empty, full = self._bench.database(), self._bench.database()
        with connect(empty) as db:
            db.execute(EMPTY)
        known = list(islice(messages(self._offers), ROUND))
        again = self.subject(full, ingest)
        again.source = lambda: known
        return [
            ("", self.subject(empty, receive)),
            ("sort by ingest_order, function call", self.subject(empty, ingest)),
            ("hash, dedupe lookup", again),
        ]

    def analysis(self) -> list[Ladder]:
        url = self._bench.database()
        parsed = self.loops(url, ("null",), PARSED)
        before = ("null", *(statement for _, statement in PARSED))
        parsed.append(("analyze_by", self.loop(url, *before, ANALYZE)))
        return [parsed, self.loops(url, before, ANALYSIS)]

    def insert(self) -> Ladder:
        """Into copies of worker_notifications, of which each next one has more on it."""
        url = self._bench.database()
        ladder: Ladder = [("", self.loop(url, ROW))]
        with connect(url) as db:
            indexes = db.execute(
                "select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)"
                " from pg_index as i where i.indrelid = 'worker_notifications'::regclass order by 1"
            ).fetchall()
            steps = ["insert", *(name for name, _ in indexes), "worker_notifications' checks"]
            for count, step in enumerate(steps):
                checks = "including constraints" if count == len(steps) - 1 else ""
                table = f"copy_{count}"
                db.execute(
                    f"create table {table} (like worker_notifications including defaults"
                    f" including compression {checks})".encode()
                )
                for name, definition in indexes[:count]:
                    made = definition.replace(f" {name} ", " ", 1)
                    made = made.replace("public.worker_notifications", table)
                    db.execute(made.encode())
                statement = INSERT.format(table=table, conflict="")
                ladder.append((step, self.loop(url, ROW, statement)))
        statement = INSERT.format(table="worker_notifications", conflict="on conflict do nothing")
        ladder.append(("on conflict", self.loop(self._bench.database(), ROW, statement)))
        block = BLOCK.format(statement=statement)
        ladder.append(("subtransaction", self.loop(self._bench.database(), ROW, block)))
        return ladder

    def apply(self) -> Ladder:
        """Into tables of current_state, of which each next one has more on it."""
        insert = INSERT.format(table="worker_notifications", conflict="")
        ladder: Ladder = [("", self.loop(self._bench.database(), ROW, insert))]
        for count, step in enumerate(["upsert", *(step for step, _ in EXTRAS)]):
            url = self._bench.database()
            with connect(url) as db:
                for _, query in EXTRAS[count:]:
                    for (drop,) in db.execute(query.encode()).fetchall():
                        db.execute(drop.encode())
            ladder.append((step, self.loop(url, ROW, insert, APPLY)))
        full = self.loop(self._bench.database(), ROW, insert, APPLY, flush=True)
        return [*ladder, ("flush to disk at commit", full)]
