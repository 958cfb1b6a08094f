"""The database of the original worker, which this project adopts, with rows as it stored them."""

from typing import Any

import oracle
import psycopg

TABLES = """
create table worker_notifications (
  id uuid primary key default gen_random_uuid(),
  message_id text unique not null,
  dedupe_hash text not null unique,
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  raw_notification jsonb not null,
  notification_type text,
  event_time timestamptz,
  severity text,
  status text default 'new' {status_check},
  processed_at timestamptz,
  received_at timestamptz default now(),
  trace_id text,
  worker_id text,
  created_at timestamptz default now()
);
create index idx_worker_notifications_message_id on worker_notifications (message_id);
create table current_state (
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  your_price numeric(10,2),
  market_low numeric(10,2),
  prime_low numeric(10,2),
  your_position integer,
  total_offers integer,
  buy_box_winner boolean default false,
  severity text,
  last_notification_id uuid {reference},
  last_updated timestamptz default now(),
  primary key (asin, marketplace)
);
create table worker_failures (
  id uuid primary key default gen_random_uuid(),
  message_id text,
  raw_message jsonb,
  error_type text not null,
  error_message text,
  stack_trace text,
  failure_count integer default 1,
  first_failed_at timestamptz default now(),
  last_failed_at timestamptz default now()
);
"""
STATUS_CHECK = "check (status in ('new', 'processing', 'completed', 'failed'))"
REFERENCE = "references worker_notifications (id)"


def make_tables(url: str, status_check: str = "", reference: str = "") -> None:
    with psycopg.connect(url) as connection:
        connection.execute(TABLES.format(status_check=status_check, reference=reference))


def store(url: str, message_id: str, body: str, asin: str, **columns: Any) -> None:
    """A row of the original's, whatever the body says; the newest of an asin is its state."""
    row = {
        "message_id": message_id,
        "dedupe_hash": oracle.dedupe_hash(body),
        "raw_notification": body,
        "notification_type": "ANY_OFFER_CHANGED",
        "event_time": "2024-01-01Z",
        "severity": "info",
        "status": "completed",
        "asin": asin,
    } | columns
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    with psycopg.connect(url) as connection:
        connection.execute(
            f"with stored as (insert into worker_notifications ({names}) values ({values})"
            " returning asin, id)"
            " insert into current_state (asin, your_price, last_notification_id)"
            " select asin, 12.34, id from stored"
            " on conflict (asin, marketplace) do update set"
            " last_notification_id = excluded.last_notification_id",
            row,
        )
