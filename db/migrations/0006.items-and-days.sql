-- What only the seller knows of an item, and what is left of a day when its notifications are
-- pruned.
-- depends: 0005.offers-in-full

create table items (
  asin text not null,
  marketplace text not null default 'A1F83G8C2ARO7P',
  sku text,
  title text,
  floor_price numeric(10, 2),
  constraint items_pkey primary key (asin, marketplace),
  constraint items_floor_price_check check (floor_price >= 0)
);

create table item_days (
  asin text not null,
  marketplace text not null,
  item_condition text not null,
  day date not null,
  events integer not null,
  your_open numeric(10, 2),
  your_low numeric(10, 2),
  your_high numeric(10, 2),
  your_close numeric(10, 2),
  market_low numeric(10, 2),
  market_close numeric(10, 2),
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
  offers_hash text collate "C",
  severity_close text,
  severity_time timestamptz,
  severity_hash text collate "C",
  final boolean not null default false,
  constraint item_days_pkey primary key (asin, marketplace, item_condition, day)
);

-- days_report, and how far the days are rolled up. With the asin, for a plan that is made while
-- the table is empty takes this index also for one item's day.
create index item_days_day_idx on item_days (day, asin);

-- A table and not a number up to which is done: transactions commit in another order than they
-- begin, and what arrives may be of any time.
create table item_days_queue (
  notification_id uuid not null,
  event_time timestamptz
);

insert into item_days_queue (notification_id, event_time)
select
  n.id as notification_id,
  least(n.event_time, n.received_at) as event_time
from worker_notifications as n
where n.notification_type in ('ANY_OFFER_CHANGED', 'PRICING_HEALTH');

-- By the times that order events (effective_time): what came before and after an event of an item,
-- and what happened in a stretch of time.
drop index worker_notifications_item_idx;
create index worker_notifications_item_idx
on worker_notifications (asin, marketplace, item_condition, (least(event_time, received_at)));
create index worker_notifications_event_time_idx
on worker_notifications ((least(event_time, received_at)));
