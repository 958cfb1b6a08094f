-- The tables as the migrations leave them, to read; written by make reference. What they
-- mean is in comments.sql. raw_notification is compressed by lz4 where it can be.
-- noqa: disable=all

create table worker_notifications (
  id uuid not null default gen_random_uuid(),
  message_id text not null,
  dedupe_hash text not null,
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  raw_notification jsonb not null,
  notification_type text,
  event_time timestamptz,
  severity text,
  status text default 'new',
  processed_at timestamptz,
  received_at timestamptz default now(),
  trace_id text,
  worker_id text,
  created_at timestamptz default now(),
  item_condition text,
  amazon_notification_id text,
  publish_time timestamptz,
  constraint worker_notifications_dedupe_hash_key unique (dedupe_hash),
  constraint worker_notifications_message_id_key unique (message_id),
  constraint worker_notifications_pkey primary key (id),
  constraint worker_notifications_severity_check check ((severity = any (array['success', 'info', 'warning', 'high', 'critical']))),
  constraint worker_notifications_status_check check ((status = any (array['new', 'processing', 'completed', 'failed'])))
);
create index worker_notifications_event_time_idx on worker_notifications (least(event_time, received_at));
create index worker_notifications_item_idx on worker_notifications (asin, marketplace, item_condition, least(event_time, received_at));
create index worker_notifications_received_at_idx on worker_notifications using brin (received_at);

create table current_state (
  asin text not null,
  marketplace text not null default 'A1F83G8C2ARO7P',
  your_price numeric(10,2),
  market_low numeric(10,2),
  prime_low numeric(10,2),
  your_position integer,
  total_offers integer,
  buy_box_winner boolean default false,
  severity text,
  last_notification_id uuid,
  last_updated timestamptz default now(),
  item_condition text not null default 'new',
  event_time timestamptz,
  currency text,
  buy_box_price numeric(10,2),
  pricing_issue text,
  pricing_issue_time timestamptz,
  offers_dedupe_hash text collate "C",
  issue_dedupe_hash text collate "C",
  buy_box_seller text,
  buy_box_is_fba boolean,
  buy_box_suppressed boolean,
  competitive_price numeric(10,2),
  sales_rank bigint,
  reference_price numeric(10,2),
  constraint current_state_last_notification_id_fkey foreign key (last_notification_id) references worker_notifications(id),
  constraint current_state_pkey primary key (asin, marketplace, item_condition),
  constraint current_state_severity_check check ((severity = any (array['success', 'info', 'warning', 'high', 'critical'])))
);
create index current_state_last_notification_id_idx on current_state (last_notification_id);

create table worker_failures (
  id uuid not null default gen_random_uuid(),
  message_id text,
  raw_message jsonb,
  error_type text not null,
  error_message text,
  stack_trace text,
  failure_count integer default 1,
  first_failed_at timestamptz default now(),
  last_failed_at timestamptz default now(),
  dedupe_hash text,
  trace_id text,
  worker_id text,
  resolved_at timestamptz,
  constraint worker_failures_message_id_key unique (message_id),
  constraint worker_failures_pkey primary key (id)
);
create index worker_failures_open_dedupe_hash_idx on worker_failures (dedupe_hash) where (resolved_at is null);

create table severity_rules (
  name text not null,
  active boolean not null default false,
  success_max_position integer not null default 3,
  critical_gap_pct numeric not null default 50,
  critical_min_offers integer not null default 10,
  critical_after_position integer not null default 10,
  high_gap_pct numeric not null default 20,
  high_min_offers integer not null default 5,
  warning_gap_pct numeric not null default 10,
  warning_min_offers integer not null default 3,
  constraint severity_rules_gap_order_check check (((critical_gap_pct >= high_gap_pct) and (high_gap_pct >= warning_gap_pct) and (warning_gap_pct > (0)::numeric) and (critical_gap_pct < 'Infinity'))),
  constraint severity_rules_name_check check ((name ~ '[^[:space:]]')),
  constraint severity_rules_pkey primary key (name),
  constraint severity_rules_positive_check check ((least(success_max_position, critical_min_offers, critical_after_position, high_min_offers, warning_min_offers) > 0))
);
create unique index severity_rules_one_active on severity_rules (active) where active;

create table own_sellers (
  seller_id text not null,
  name text,
  constraint own_sellers_pkey primary key (seller_id)
);

create table unreadable_notifications (
  id uuid not null,
  constraint unreadable_notifications_pkey primary key (id)
);

create table items (
  asin text not null,
  marketplace text not null default 'A1F83G8C2ARO7P',
  sku text,
  title text,
  floor_price numeric(10,2),
  search_text text generated always as (lower(((coalesce(sku, ''::text) || ' '::text) || coalesce(title, ''::text)))) stored,
  constraint items_floor_price_check check ((floor_price >= (0)::numeric)),
  constraint items_pkey primary key (asin, marketplace)
);

create table item_days (
  asin text not null,
  marketplace text not null,
  item_condition text not null,
  day date not null,
  events integer not null,
  your_open numeric(10,2),
  your_low numeric(10,2),
  your_high numeric(10,2),
  your_close numeric(10,2),
  market_low numeric(10,2),
  market_close numeric(10,2),
  buy_box_seconds numeric not null,
  known_seconds numeric not null,
  buy_box_won integer not null,
  buy_box_lost integer not null,
  success_s numeric not null,
  info_s numeric not null,
  warning_s numeric not null,
  high_s numeric not null,
  critical_s numeric not null,
  pricing_issues integer not null,
  buy_box_close boolean,
  offers_time timestamptz,
  severity_close text,
  severity_time timestamptz,
  final boolean not null default false,
  offers_hash text collate "C",
  severity_hash text collate "C",
  constraint item_days_pkey primary key (asin, marketplace, item_condition, day)
);
create index item_days_day_idx on item_days (day, asin);

create table item_days_queue (
  notification_id uuid not null,
  event_time timestamptz
);

create table alert_rules (
  name text not null,
  active boolean not null default true,
  kind text not null,
  min_severity text not null default 'high',
  asin text,
  marketplace text,
  item_condition text,
  hold interval not null default '00:00:00',
  cooldown interval not null default '01:00:00',
  channel text not null default 'default',
  constraint alert_rules_channel_check check ((channel ~ '^[a-z0-9_]{1,50}$')),
  constraint alert_rules_cooldown_check check ((((cooldown >= '00:00:00') and (cooldown <= '30 days')) and (extract(year from cooldown) = (0)::numeric) and (abs(extract(day from cooldown)) <= (400)::numeric))),
  constraint alert_rules_hold_check check ((((hold >= '00:00:00') and (hold <= '30 days')) and (extract(year from hold) = (0)::numeric) and (abs(extract(day from hold)) <= (400)::numeric))),
  constraint alert_rules_kind_check check ((kind = any (array['severity_raised', 'severity_cleared', 'buy_box_lost', 'buy_box_won', 'buy_box_suppressed', 'undercut', 'own_offer_missing', 'pricing_issue']))),
  constraint alert_rules_min_severity_check check ((min_severity = any (array['success', 'info', 'warning', 'high', 'critical']))),
  constraint alert_rules_name_check check (((btrim(name) <> '') and (length(name) <= 100))),
  constraint alert_rules_pkey primary key (name)
);

create table alert_deliveries (
  id bigint not null generated always as identity,
  channel text not null,
  alert_ids bigint[] not null,
  title text not null,
  body text not null,
  status text not null default 'waiting',
  attempts integer not null default 0,
  attempts_before integer not null default 0,
  leased_until timestamptz default now(),
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  constraint alert_deliveries_pkey primary key (id),
  constraint alert_deliveries_status_check check ((status = any (array['sending', 'waiting', 'sent', 'dead'])))
);
create index alert_deliveries_open_idx on alert_deliveries (leased_until) where (status = any (array['sending'::text, 'waiting'::text]));

create table alerts (
  id bigint not null generated always as identity,
  rule text not null,
  kind text not null,
  asin text not null,
  marketplace text not null,
  item_condition text not null,
  severity text,
  headline text not null,
  details jsonb not null,
  notification_id uuid,
  event_time timestamptz,
  created_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  status text not null default 'pending',
  repeats integer not null default 0,
  delivery_id bigint,
  constraint alerts_delivery_id_fkey foreign key (delivery_id) references alert_deliveries(id),
  constraint alerts_kind_check check ((kind = any (array['severity_raised', 'severity_cleared', 'buy_box_lost', 'buy_box_won', 'buy_box_suppressed', 'undercut', 'own_offer_missing', 'pricing_issue']))),
  constraint alerts_pkey primary key (id),
  constraint alerts_severity_check check ((severity = any (array['success', 'info', 'warning', 'high', 'critical']))),
  constraint alerts_status_check check ((status = any (array['pending', 'sent', 'cancelled', 'expired', 'dead'])))
);
create index alerts_delivery_id_idx on alerts (delivery_id);
create index alerts_item_idx on alerts (asin, created_at);
create index alerts_pending_idx on alerts (asin, due_at) where (status = 'pending'::text);
