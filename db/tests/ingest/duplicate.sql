-- Delivery is at least once. A message that is stored, by its id or by its body, is acknowledged
-- with what is stored, and nothing is written.
begin;
select plan(18);
\ir ../fixtures.psql

create temporary table bodies (name text primary key, body text) on commit drop;
insert into bodies values
('offers', pg_temp.any_offer_changed(
  jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 10)), marketplace => 'APJ6JRA9NG5V4'
)::text),
('newer offers', pg_temp.any_offer_changed(
  '[]', marketplace => 'APJ6JRA9NG5V4', event_time => '2023-01-31T10:00:00Z'
)::text),
('issue', pg_temp.pricing_health(12, 10)::text),
('other type', '{"NotificationType": "X"}');

create temporary table first_time on commit drop as
select r.*
from bodies as b
cross join lateral ingest_notification(b.name, b.body) as r
where b.name <> 'newer offers';

-- What is stored counts, not what the body would give today.
update worker_notifications
set severity = 'critical', asin = 'B0STORED01', marketplace = 'stored', trace_id = 'stored'
where message_id = 'offers';

create temporary table before on commit drop as select * from pg_temp.every_row();

create temporary table again on commit drop as
select t.description, t.stored_as, r.*
from (
  values
  ('this message again', 'offers', 'offers', 'offers'),
  ('its body under another id', 'redriven', 'offers', 'offers'),
  ('its id with another body', 'offers', 'newer offers', 'offers'),
  ('its id with a body that is none', 'offers', null, 'offers'),
  ('an issue again', 'redriven', 'issue', 'issue'),
  ('another type again', 'redriven', 'other type', 'other type')
) as t (description, message_id, body_name, stored_as)
left join bodies as b on t.body_name = b.name
cross join lateral ingest_notification(t.message_id, coalesce(b.body, 'no JSON')) as r;

select is(
  array[a.outcome, a.acknowledge::text, a.error_type, a.error_message],
  array['duplicate', 'true', null, null],
  a.description || ' is a duplicate'
)
from again as a;

select is(
  array[a.notification_id::text, a.asin, a.marketplace, a.severity, a.trace_id],
  array[n.id::text, n.asin, n.marketplace, n.severity, n.trace_id],
  a.description || ' returns what is stored'
)
from again as a
inner join worker_notifications as n on a.stored_as = n.message_id;

select is(
  array[a.asin, a.marketplace, a.severity, a.trace_id],
  array['B0STORED01', 'stored', 'critical', 'stored'],
  'as it is stored now'
)
from again as a
where a.description = 'this message again';

-- Two stored messages at once: whichever is answered, it is one of them and not a mixture.
select is(r.outcome, 'duplicate', 'the id of one and the body of another is a duplicate')
from ingest_notification('issue', '{"NotificationType": "X"}') as r;
select is(n.trace_id, r.trace_id, 'and returns one stored row')
from ingest_notification('issue', '{"NotificationType": "X"}') as r
left join worker_notifications as n
  on r.notification_id = n.id
  and r.asin is not distinct from n.asin
  and r.severity is not distinct from n.severity;

select set_eq('select * from pg_temp.every_row()', 'select * from before', 'nothing was written');

-- One byte more is another body.
select is(r.outcome, 'processed', 'a body that differs in white space is another one')
from bodies as b
cross join lateral ingest_notification('a blank more', b.body || ' ') as r
where b.name = 'other type';
select is(count(*), 4::bigint, 'and is stored beside it') from worker_notifications;

select * from finish();
rollback;
