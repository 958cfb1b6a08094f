-- What the published examples leave behind: a stored row each, and the state of five items.
begin;
select plan(24);
\ir ../fixtures.psql
\ir ../samples.psql
set local timezone = 'UTC';

create temporary table ingested on commit drop as
select s.name, s.body, r.*
from (select s.name, s.body from samples as s order by s.name) as s
cross join lateral ingest_notification(s.name, s.body) as r;

-- No two examples of one kind are about the same item, so nothing is stale.
select is(
  array[i.outcome, i.acknowledge::text, i.error_type, i.error_message],
  array['processed', 'true', null, null],
  i.name || ' is processed'
)
from ingested as i
order by i.name;

select results_eq(
  $$
  select n.message_id, n.notification_type, n.asin, n.marketplace, n.severity, n.status
  from worker_notifications as n
  order by n.message_id collate "C"
  $$,
  $$
  values
  (
    'any-offer-changed.docs', 'ANY_OFFER_CHANGED', 'b0sampLe01', 'marketplaceId', 'info',
    'completed'
  ),
  (
    'any-offer-changed.minimal', 'ANY_OFFER_CHANGED', 'B0SAMPLE02', 'ATVPDKIKX0DER', 'success',
    'completed'
  ),
  (
    'any-offer-changed.models', 'ANY_OFFER_CHANGED', 'B03', 'ATVPDKIKX0DER', 'info', 'completed'
  ),
  (
    'any-offer-changed.no-metadata', 'ANY_OFFER_CHANGED', 'B0SAMPLE04', 'ATVPDKIKX0DER',
    'success', 'completed'
  ),
  (
    'b2b-any-offer-changed.docs-camelcase', 'B2B_ANY_OFFER_CHANGED', 'B0SAMPLE05',
    'ATVPDKIKX0DER', 'info', 'completed'
  ),
  (
    'b2b-any-offer-changed.pascalcase', 'B2B_ANY_OFFER_CHANGED', 'B0SAMPLE05', 'ATVPDKIKX0DER',
    'info', 'completed'
  ),
  (
    'other.fba_inventory_availability_change', 'FBA_INVENTORY_AVAILABILITY_CHANGES',
    'B0SAMPLE06', 'A1F83G8C2ARO7P', 'info', 'completed'
  ),
  (
    'other.feed_processing_finished', 'FEED_PROCESSING_FINISHED', null, 'A1F83G8C2ARO7P', 'info',
    'completed'
  ),
  ('other.order_change', 'ORDER_CHANGE', null, 'A1F83G8C2ARO7P', 'info', 'completed'),
  (
    'pricing-health.models', 'PRICING_HEALTH', 'B0SAMPLE05', 'ATVPDKIKX0DER', 'high', 'completed'
  ),
  (
    'pricing-health.no-metadata', 'PRICING_HEALTH', 'B0SAMPLE04', 'ATVPDKIKX0DER', 'high',
    'completed'
  )
  $$,
  'each is stored'
);

select results_eq(
  $$
  select i.name, i.notification_id, i.asin, i.marketplace, i.severity, i.trace_id, i.body::jsonb
  from ingested as i
  order by i.name
  $$,
  $$
  select
    n.message_id, n.id, n.asin, n.marketplace, n.severity, n.trace_id, n.raw_notification
  from worker_notifications as n
  order by n.message_id
  $$,
  'the returned rows are the stored ones'
);

create temporary table expected (asin text, state jsonb) on commit drop;
insert into expected values
('b0sampLe01', '{
  "marketplace": "marketplaceId", "item_condition": "collectible", "your_price": null,
  "market_low": 28.59, "prime_low": null, "buy_box_price": null, "your_position": null,
  "total_offers": 2, "buy_box_winner": false, "currency": "USD", "severity": "info",
  "event_time": "2020-01-11T00:09:53.109+00:00", "pricing_issue": null,
  "pricing_issue_time": null, "last_message": "any-offer-changed.docs"
}'),
('B0SAMPLE02', '{
  "marketplace": "ATVPDKIKX0DER", "item_condition": "new", "your_price": 29.98,
  "market_low": 29.98, "prime_low": 29.99, "buy_box_price": 29.99, "your_position": 1,
  "total_offers": 2, "buy_box_winner": true, "currency": "USD", "severity": "success",
  "event_time": "2024-01-15T10:30:00+00:00", "pricing_issue": null,
  "pricing_issue_time": null, "last_message": "any-offer-changed.minimal"
}'),
('B03', '{
  "marketplace": "ATVPDKIKX0DER", "item_condition": "new", "your_price": null,
  "market_low": 133, "prime_low": 133, "buy_box_price": 10, "your_position": null,
  "total_offers": 10, "buy_box_winner": false, "currency": "USD", "severity": "info",
  "event_time": "2020-07-13T19:42:04.284+00:00", "pricing_issue": null,
  "pricing_issue_time": null, "last_message": "any-offer-changed.models"
}'),
-- The offers are three years newer than the issue.
('B0SAMPLE04', '{
  "marketplace": "ATVPDKIKX0DER", "item_condition": "new", "your_price": 21,
  "market_low": 21, "prime_low": null, "buy_box_price": 10, "your_position": 1,
  "total_offers": 1, "buy_box_winner": false, "currency": "USD", "severity": "success",
  "event_time": "2023-07-31T20:41:15.002+00:00", "pricing_issue": "BuyBoxDisqualification",
  "pricing_issue_time": "2020-09-23T21:30:13.713+00:00",
  "last_message": "any-offer-changed.no-metadata"
}'),
-- The business offers of this item leave no state.
('B0SAMPLE05', '{
  "marketplace": "ATVPDKIKX0DER", "item_condition": "new", "your_price": null,
  "market_low": null, "prime_low": null, "buy_box_price": null, "your_position": null,
  "total_offers": null, "buy_box_winner": false, "currency": null, "severity": "high",
  "event_time": null, "pricing_issue": "BuyBoxDisqualification",
  "pricing_issue_time": "2020-09-23T21:30:13.713+00:00", "last_message": "pricing-health.models"
}');

select set_eq(
  'select asin from current_state', 'select asin from expected', 'five items have state'
);
select pg_temp.is_row(
  to_jsonb(c) || jsonb_build_object('last_message', n.message_id),
  e.state,
  e.asin
)
from expected as e
inner join current_state as c on e.asin = c.asin
inner join worker_notifications as n on c.last_notification_id = n.id
order by e.asin;

select is_empty('select * from worker_failures', 'nothing failed');

select is(r.outcome, 'duplicate', 'once more: ' || s.name || ' is a duplicate')
from samples as s
cross join lateral ingest_notification('redriven ' || s.name, s.body) as r
where s.name in (
  'any-offer-changed.models', 'pricing-health.no-metadata', 'other.order_change',
  'b2b-any-offer-changed.pascalcase'
);

select * from finish();
rollback;
