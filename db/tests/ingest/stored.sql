-- The row a message leaves in worker_notifications, and the one its ingest returns.
begin;
select plan(26);
\ir ../fixtures.psql
set local timezone = 'UTC';
set local application_name = 'stored-test';

create temporary table returned on commit drop as
select *
from ingest_notification(
  message_id => 'one',
  body => '{"NotificationType": "X",  "Payload": {"Name": "Käse für 5 €"}}'
);

select results_eq(
  $$
  select a.attname, format_type(a.atttypid, a.atttypmod)
  from pg_attribute as a
  where a.attrelid = 'returned'::regclass and a.attnum > 0
  order by a.attnum
  $$,
  $$
  values
  ('outcome'::name, 'text'),
  ('acknowledge', 'boolean'),
  ('notification_id', 'uuid'),
  ('asin', 'text'),
  ('marketplace', 'text'),
  ('severity', 'text'),
  ('trace_id', 'text'),
  ('error_type', 'text'),
  ('error_message', 'text')
  $$,
  'the returned columns are those documented'
);
select is(count(*), 1::bigint, 'one call returns one row') from returned;

select is(
  n.dedupe_hash,
  'd90e05e2d97cdec1cb45e5a543588c6137051324bc95f00ba997c6409868b089',
  'dedupe_hash is what sha256sum makes of the body''s bytes'
)
from worker_notifications as n;
select is(
  n.raw_notification,
  '{"NotificationType": "X", "Payload": {"Name": "Käse für 5 €"}}',
  'the notification is kept'
)
from worker_notifications as n;

select is(n.id, r.notification_id, 'notification_id is the row''s id')
from worker_notifications as n cross join returned as r;
select is(n.trace_id, r.trace_id, 'trace_id is the row''s')
from worker_notifications as n cross join returned as r;
select isnt(r.trace_id, null, 'and is there') from returned as r;
select is(n.worker_id, 'stored-test', 'worker_id is the application_name')
from worker_notifications as n;
select is(n.status, 'completed', 'the status says that it is done') from worker_notifications as n;
select ok(n.received_at between now() and clock_timestamp(), 'received_at is now')
from worker_notifications as n;
select ok(n.processed_at between n.received_at and clock_timestamp(), 'processed_at comes after')
from worker_notifications as n;
select is(n.event_time, n.received_at, 'without any time event_time is when it reached us')
from worker_notifications as n;
select is_empty('select * from current_state', 'a type without state leaves none');

select isnt(r.trace_id, t.trace_id, 'each call has a trace_id of its own')
from ingest_notification('two', '{"NotificationType": "Y"}') as r cross join returned as t;

-- A notification with everything a row takes from one.
select is(
  array[r.outcome, r.acknowledge::text, r.asin, r.marketplace, r.severity, r.error_type],
  array['processed', 'true', 'B0TEST0001', 'APJ6JRA9NG5V4', 'success', null],
  'what a processed message returns'
)
from ingest_notification(
  'three',
  (
    pg_temp.any_offer_changed(
      jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 12.345)),
      marketplace => 'APJ6JRA9NG5V4', item_condition => 'Used'
    ) || '{"NotificationMetadata": {
      "PublishTime": "2023-01-31T09:30:01.5Z", "NotificationId": " 1f-2 "
    }}'
  )::text
) as r;
select pg_temp.is_row(
  to_jsonb(n),
  '{"asin": "B0TEST0001", "marketplace": "APJ6JRA9NG5V4", "item_condition": "used",
    "notification_type": "ANY_OFFER_CHANGED", "event_time": "2023-01-31T09:30:00+00:00",
    "publish_time": "2023-01-31T09:30:01.5+00:00", "amazon_notification_id": "1f-2",
    "severity": "success", "status": "completed"}',
  'what a stored row takes from the notification'
)
from worker_notifications as n
where n.message_id = 'three';
select pg_temp.is_row(
  to_jsonb(c),
  '{"asin": "B0TEST0001", "marketplace": "APJ6JRA9NG5V4", "item_condition": "used",
    "your_price": 12.35, "market_low": 12.35, "event_time": "2023-01-31T09:30:00+00:00"}',
  'prices are rounded where they are stored'
)
from current_state as c;
select is(c.last_notification_id, n.id, 'the state points to the notification')
from current_state as c
inner join worker_notifications as n on c.asin = n.asin;
select is(c.last_updated, now(), 'and says when it was written') from current_state as c;

-- 11.996 against 10 are 19.96 %: high from 20 % on, which the rounded 12.00 would have.
select is(r.severity, 'warning', 'severity is computed before rounding')
from ingest_notification('four', pg_temp.any_offer_changed(
  (select jsonb_agg(pg_temp.offer('A1RIVAL000000' || i, 10)) from generate_series(1, 4) as i)
  || jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 11.996)),
  asin => 'B0TEST0002'
)::text) as r;
select pg_temp.is_row(
  to_jsonb(c), '{"your_price": 12.00, "severity": "warning"}', 'also where the price is rounded'
)
from current_state as c
where c.asin = 'B0TEST0002';

-- SQS takes bodies up to 1 MiB.
create temporary table large on commit drop as
select
  left(b.body, -1) || ', "Padding": "' || repeat('€', (1024 * 1024 - octet_length(b.body) - 15) / 3)
  || '"}' as body
from (
  values
  (pg_temp.any_offer_changed('[{"ListingPrice": {"Amount": 7}}]', asin => 'B0TEST0003')::text)
) as b (body);
select ok(
  octet_length(l.body) between 1024 * 1024 - 2 and 1024 * 1024, 'a body of 1 MiB'
)
from large as l;
select is(r.outcome, 'processed', 'is processed')
from large as l
cross join lateral ingest_notification('five', l.body) as r;
select is(n.raw_notification, l.body::jsonb, 'is kept whole')
from large as l
cross join worker_notifications as n
where n.message_id = 'five';

-- What another type calls by a name of ours is its own affair.
select is(r.outcome, 'processed', 'another type''s Summary, Offers and SellerId may be anything')
from ingest_notification('six', '{
  "NotificationType": "X", "Payload": {"Summary": "text", "Offers": {"a": 1}, "SellerId": 7}
}') as r;

select is_empty('select * from worker_failures', 'nothing failed');

select * from finish();
rollback;
