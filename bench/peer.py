"""The peer: the worker that a user would write instead. It analyses in Python and writes a batch by
two statements over the same tables. bench.py measures ingest against it.

    python bench/peer.py [--bare]

Polls SQS_QUEUE_URL for DATABASE_URL, with one poller; --bare receives and deletes, and does nothing
else. It means what ingest means, in Amazon's two spellings. It does without what costs it most:
what a duplicate repeats (it only says that it is one), errors that say where, and durability where
the database's own setting is less.
"""

import json
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from math import inf
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import boto3
import psycopg
from psycopg.rows import namedtuple_row

JAPAN = "A1VC38T7YXB528"
UK = "A1F83G8C2ARO7P"
ZERO, MOST = Decimal(0), Decimal("99999999.99")

STORE = """
insert into worker_notifications (
  message_id, dedupe_hash, raw_notification, notification_type, asin, marketplace, item_condition,
  event_time, publish_time, amazon_notification_id, severity, trace_id, status, processed_at,
  worker_id
)
select n.*, 'completed', clock_timestamp(), current_setting('application_name')
from unnest(
  %b::text[], %b::text[], %b::jsonb[], %b::text[], %b::text[], %b::text[], %b::text[],
  %b::timestamptz[], %b::timestamptz[], %b::text[], %b::text[], %b::text[]
) as n
on conflict do nothing
returning dedupe_hash, id
"""
# `on conflict` may meet no row twice in one statement: it gets the newest of each item.
APPLY = """
insert into current_state as c (
  asin, marketplace, item_condition, {time}, {digest}, severity, last_notification_id, {columns}
)
select *
from unnest(
  %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::text[], %b::text[], %b::uuid[], {types}
)
on conflict (asin, marketplace, item_condition) do update set
  {time} = excluded.{time},
  {digest} = excluded.{digest},
  severity = case when {other_is_newer} then c.severity else excluded.severity end,
  last_notification_id = case
    when {other_is_newer} then c.last_notification_id else excluded.last_notification_id
  end,
  last_updated = excluded.last_updated,
  {assignments}
where c.{time} is null or (c.{time}, c.{digest}) < (excluded.{time}, excluded.{digest})
"""
FAIL = """
insert into worker_failures (message_id, raw_message, dedupe_hash, error_type, error_message)
values (%s, to_jsonb(%s::text), %s, %s, %s)
on conflict (message_id) do update set
  failure_count = worker_failures.failure_count + 1,
  last_failed_at = now()
"""

Json = dict[str, Any]
Message = tuple[str, str]  # message id, body
Item = tuple[str, str, str]  # ASIN, marketplace, condition


class Offers(NamedTuple):
    """What an item's offers show in current_state, by column."""

    your_price: Decimal | None
    market_low: Decimal | None
    prime_low: Decimal | None
    buy_box_price: Decimal | None
    competitive_price: Decimal | None
    your_position: int | None
    total_offers: int
    buy_box_winner: bool
    buy_box_seller: str | None
    buy_box_is_fba: bool | None
    buy_box_suppressed: bool | None
    sales_rank: int | None
    currency: str | None


class Issue(NamedTuple):
    """What a pricing issue shows in current_state, by column."""

    pricing_issue: str | None
    reference_price: Decimal | None


@dataclass(slots=True)
class Analysis:
    """What a message says; times are UTC, state is None where its type bears on none."""

    raw: str
    notification_type: str
    item: Item | tuple[None, None, None]
    event_time: datetime
    publish_time: datetime | None
    notification_id: str | None
    state: Offers | Issue | None
    severity: str


def upsert(state: type[Offers | Issue], types: str, **names: str) -> str:
    """APPLY for one of the two; types are those of its columns, names what else it is asked for."""
    return APPLY.format(
        columns=", ".join(state._fields),
        types=", ".join(f"%b::{name}[]" for name in types.split()),
        assignments=", ".join(f"{name} = excluded.{name}" for name in state._fields),
        **names,
    )


UPSERTS: dict[type, str] = {
    Offers: upsert(
        Offers,
        "numeric numeric numeric numeric numeric integer integer"
        " boolean text boolean boolean bigint text",
        time="event_time",
        digest="offers_dedupe_hash",
        other_is_newer="c.pricing_issue_time >= excluded.event_time",
    ),
    Issue: upsert(
        Issue,
        "text numeric",
        time="pricing_issue_time",
        digest="issue_dedupe_hash",
        other_is_newer="c.event_time > excluded.pricing_issue_time",
    ),
}


def amount(money: Json | None) -> Decimal | None:
    """Raises ValueError or ArithmeticError where it is no amount that fits its column."""
    value = money.get("Amount") if money else None
    if value is None:
        return None
    number = Decimal(value)
    if not ZERO <= number <= MOST:
        raise ValueError(f"{value} is no amount")
    return number


def landed(priced: Json, marketplace: str) -> Decimal | None:
    """What the buyer pays: listing + shipping, less points in Japan."""
    listing = amount(priced.get("ListingPrice"))
    if listing is None:
        return None
    if shipping := amount(priced.get("Shipping")):
        listing += shipping
    if marketplace == JAPAN and (points := priced.get("Points")):
        listing -= points.get("PointsNumber") or 0
    return listing


def stated(priced: Json, marketplace: str) -> Decimal | None:
    """The landed price where it is stated, else its sum."""
    price = amount(priced.get("LandedPrice"))
    return landed(priced, marketplace) if price is None else price


def lowest(prices: Iterable[Decimal | None]) -> Decimal | None:
    return min((price for price in prices if price is not None), default=None)


def gap(yours: Decimal, low: Decimal) -> Decimal:
    """In percent."""
    return (yours - low) / low * 100


def of_condition(entries: list[Json] | None, condition: str) -> list[Json]:
    return [e for e in entries or () if (e.get("Condition") or "").lower() == condition]


def instant(text: str | None) -> datetime | None:
    """An ISO 8601 time, in UTC where it has no offset. Raises ValueError."""
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def pascal_case(value: Any) -> Any:
    """PRICING_HEALTH comes in camelCase."""
    if isinstance(value, list):
        return [pascal_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        "ASIN" if key == "asin" else key[:1].upper() + key[1:]: pascal_case(each)
        for key, each in value.items()
    }


class Worker:
    """Stores batches by a connection that is its own. Reads rules and own sellers once."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db
        self._sellers = {seller for (seller,) in db.execute("select seller_id from own_sellers")}
        rules = db.cursor(row_factory=namedtuple_row)
        self._rule: Any = rules.execute("select * from severity_rules where active").fetchone()

    def store(self, batch: Sequence[Message]) -> list[bool]:
        """Stores a batch in one transaction. Returns for each message: may it be deleted."""
        now = datetime.now(UTC)
        found: dict[str, tuple[str, Analysis]] = {}  # by hash, so a body counts once
        failed: list[tuple[str, str, str, str, str]] = []
        for message_id, body in batch:
            digest = sha256(body.encode()).hexdigest()
            try:
                found[digest] = (message_id, self.analyze(body, now))
            except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError) as error:
                failed.append((message_id, body, digest, type(error).__name__, str(error)))
        try:
            with self._db.pipeline(), self._db.transaction():
                if found:
                    self._write(found, now)
                for failure in failed:
                    self._db.execute(FAIL, failure)
        except (psycopg.DataError, psycopg.IntegrityError):
            if len(batch) == 1:
                raise
            return [self.store([message])[0] for message in batch]
        bad = {message_id for message_id, *_ in failed}
        return [message_id not in bad for message_id, _ in batch]

    def _write(self, found: dict[str, tuple[str, Analysis]], now: datetime) -> None:
        rows = [
            (
                *(message_id, digest, a.raw, a.notification_type, *a.item, a.event_time),
                *(a.publish_time, a.notification_id, a.severity, str(uuid4())),
            )
            for digest, (message_id, a) in sorted(found.items())  # one order: no deadlocks
        ]
        stored: dict[str, UUID] = dict(self._db.execute(STORE, columns(rows)).fetchall())
        newest: dict[tuple[type, Any], tuple[datetime, str]] = {}
        for digest in stored:
            a = found[digest][1]
            if a.state:
                # A wrong clock must not freeze a row.
                key, this = (type(a.state), a.item), (min(a.event_time, now), digest)
                newest[key] = max(this, newest.get(key, this))
        for kind, statement in UPSERTS.items():
            applied = [
                (*item, time, digest, a.severity, stored[digest], *(a.state or ()))
                for (k, item), (time, digest) in sorted(newest.items(), key=lambda n: n[0][1])
                if k is kind and (a := found[digest][1])
            ]
            if applied:
                self._db.execute(statement.encode(), columns(applied))

    def analyze(self, body: str, now: datetime) -> Analysis:
        """Raises what reading something else than a notification raises."""
        n = json.loads(body, parse_float=Decimal)
        raw = body
        if n.get("Type") == "Notification" and "Message" in n:  # from SNS
            raw = n["Message"]
            n = json.loads(raw, parse_float=Decimal)
        elif "detail-type" in n:  # from EventBridge
            raw = json.dumps(json.loads(body)["detail"])
            n = n["detail"]
        if "notificationType" in n:
            n = pascal_case(n)
        kind = n["NotificationType"]
        payload = n.get("Payload") or {}
        content = payload.get("AnyOfferChangedNotification") or payload
        trigger = content.get("OfferChangeTrigger") or {}
        meta = n.get("NotificationMetadata") or {}
        marketplace = trigger.get("MarketplaceId") or UK
        condition = (trigger.get("ItemCondition") or "new").lower()
        publish_time = instant(meta.get("PublishTime"))
        time = instant(n.get("EventTime")) or instant(trigger.get("TimeOfOfferChange"))
        item: Any = (trigger.get("ASIN"), marketplace, condition)
        state: Offers | Issue | None = None
        severity = "info"
        if kind in ("ANY_OFFER_CHANGED", "PRICING_HEALTH") and not item[0]:
            raise ValueError(f"{kind} without an ASIN")
        if kind == "ANY_OFFER_CHANGED":
            state, severity = self._offers(content, marketplace, condition)
        elif kind == "PRICING_HEALTH":
            state, severity = self._issue(content, marketplace, condition)
        time = time or publish_time or now
        notification_id = (meta.get("NotificationId") or "").strip() or None
        return Analysis(raw, kind, item, time, publish_time, notification_id, state, severity)

    def _offers(self, content: Json, marketplace: str, condition: str) -> tuple[Offers, str]:
        own = self._sellers | {content.get("SellerId")}
        summary = content.get("Summary") or {}
        offers = content.get("Offers") or []
        prices, own_prices, prime_prices, currencies = [], [], [], set()
        winners: list[tuple[bool, bool, Decimal, bool, str]] = []  # the one to show is the least
        for offer in offers:
            price = landed(offer, marketplace)
            seller = offer.get("SellerId")
            is_fba = offer.get("IsFulfilledByAmazon") or False
            if offer.get("IsBuyBoxWinner"):
                unpriced = price is None
                winners.append((seller not in own, unpriced, price or ZERO, not is_fba, seller))
            if price is None:
                continue
            currencies.add(offer["ListingPrice"].get("CurrencyCode"))
            prices.append(price)
            if seller in own:
                own_prices.append(price)
            prime = offer.get("PrimeInformation") or {}
            if is_fba or prime.get("IsOfferPrime") or prime.get("IsPrime"):
                prime_prices.append(price)
        if len(currencies) > 1:
            raise ValueError(f"several currencies: {currencies}")
        yours, low = lowest(own_prices), lowest(prices)
        buy_box = of_condition(summary.get("BuyBoxPrices"), condition)
        buy_box_price = lowest(stated(entry, marketplace) for entry in buy_box)
        if buy_box_price is None:
            buy_box_price = lowest(w[2] for w in winners if not w[1])
        counts = of_condition(summary.get("NumberOfOffers"), condition)
        ranks = summary.get("SalesRankings") or [{}]
        winner = min(winners, default=None)
        suppressed = bool(summary and offers) and not (buy_box or winners)
        state = Offers(
            your_price=yours,
            market_low=low,
            prime_low=lowest(prime_prices),
            buy_box_price=buy_box_price,
            competitive_price=amount(summary.get("CompetitivePriceThreshold")),
            your_position=None if yours is None else 1 + sum(price < yours for price in prices),
            total_offers=max(len(offers), sum(count.get("OfferCount") or 0 for count in counts)),
            buy_box_winner=winner is not None and not winner[0],
            buy_box_seller=winner[4] if winner else None,
            buy_box_is_fba=not winner[3] if winner else None,
            buy_box_suppressed=suppressed if condition in ("new", "used") else None,
            sales_rank=ranks[0].get("Rank"),
            currency=currencies.pop() if currencies else None,
        )
        return state, self._severity(state)

    def _severity(self, o: Offers) -> str:
        rule = self._rule
        if o.buy_box_winner or (o.your_position or inf) <= rule.success_max_position:
            return "success"
        if not (o.your_price and o.market_low and o.your_position):
            return "info"
        percent, total = gap(o.your_price, o.market_low), o.total_offers
        many = total >= rule.critical_min_offers and o.your_position > rule.critical_after_position
        if percent >= rule.critical_gap_pct and many:
            return "critical"
        if percent >= rule.high_gap_pct and total >= rule.high_min_offers:
            return "high"
        if percent >= rule.warning_gap_pct or total >= rule.warning_min_offers:
            return "warning"
        return "info"

    def _issue(self, content: Json, marketplace: str, condition: str) -> tuple[Issue, str]:
        summary = content.get("Summary") or {}
        reference = (summary.get("ReferencePrice") or {}).get("CompetitivePriceThreshold")
        yours = stated(content.get("MerchantOffer") or {}, marketplace)
        compared = amount(reference)
        if compared is None:
            buy_box = of_condition(summary.get("BuyBoxPrices"), condition)
            compared = lowest(stated(entry, marketplace) for entry in buy_box)
        severity = "high"
        if yours and compared and gap(yours, compared) >= self._rule.critical_gap_pct:
            severity = "critical"
        return Issue(content.get("IssueType"), compared), severity


def columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def main() -> None:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(message)s")
    queue: Any = {"QueueUrl": os.environ["SQS_QUEUE_URL"]}
    sqs = boto3.client("sqs")
    db = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, application_name="peer")
    worker = None if "--bare" in sys.argv else Worker(db)
    while True:
        received = sqs.receive_message(
            **queue, MaxNumberOfMessages=10, WaitTimeSeconds=20, VisibilityTimeout=60
        )
        if not (messages := received.get("Messages")):
            continue
        batch = [(message["MessageId"], message["Body"]) for message in messages]
        done = worker.store(batch) if worker else [True] * len(batch)
        entries: Any = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, (message, good) in enumerate(zip(messages, done, strict=True))
            if good
        ]
        if entries:
            answer = sqs.delete_message_batch(**queue, Entries=entries)
            if answer.get("Failed"):
                logging.warning("not deleted: %s", answer["Failed"])
        logging.info("%d received, %d deleted", len(messages), len(entries))


if __name__ == "__main__":
    main()
