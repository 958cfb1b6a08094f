-- Thresholds are rows, so that an analyst can try others; the numbers of 'default' are the original
-- worker's.
-- depends: 0001.message-store

create table severity_rules (
  name text primary key constraint severity_rules_name_check check (btrim(name) <> ''),
  active boolean not null default false,
  success_max_position integer not null default 3,
  critical_gap_pct numeric not null default 50,
  critical_min_offers integer not null default 10,
  critical_after_position integer not null default 10,
  high_gap_pct numeric not null default 20,
  high_min_offers integer not null default 5,
  warning_gap_pct numeric not null default 10,
  warning_min_offers integer not null default 3,
  constraint severity_rules_positive_check check (
    least(
      success_max_position,
      critical_min_offers,
      critical_after_position,
      high_min_offers,
      warning_min_offers
    ) > 0
  ),
  constraint severity_rules_gap_order_check check (
    critical_gap_pct >= high_gap_pct and high_gap_pct >= warning_gap_pct and warning_gap_pct > 0
    and critical_gap_pct < 'infinity'
  )
);

create unique index severity_rules_one_active on severity_rules (active) where active;

insert into severity_rules (name, active) values ('default', true);

-- Whoever is granted the table may change what is not in force: putting a set in force is
-- activate_severity_rules()'.
alter table severity_rules enable row level security;
create policy severity_rules_read on severity_rules for select using (true);
create policy severity_rules_insert on severity_rules for insert with check (not active);
create policy severity_rules_update on severity_rules for update
using (not active) with check (not active);
create policy severity_rules_delete on severity_rules for delete using (not active);

-- What analyze_notification() returns.
create type notification_analysis as (
  notification_type text,
  has_state boolean,
  asin text,
  marketplace text,
  item_condition text,
  event_time timestamptz,
  publish_time timestamptz,
  amazon_notification_id text,
  your_price numeric,
  market_low numeric,
  prime_low numeric,
  buy_box_price numeric,
  your_position integer,
  total_offers integer,
  buy_box_winner boolean,
  currency text,
  pricing_issue text,
  severity text
);
