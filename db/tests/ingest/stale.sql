-- An event that comes late is stored and leaves current_state as it is. Late means: after a newer
-- event of the same kind about the same item.
begin;
select plan(17);
\ir ../fixtures.psql

create temporary table steps (
  step integer, description text, body text, outcome text
) on commit drop;
insert into steps values
(1, 'offers of 10:00', pg_temp.any_offer_changed(
  jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 10)), event_time => '2023-01-31T10:00:00Z'
), 'processed'),
(2, 'offers of 9:59:59.999', pg_temp.any_offer_changed(
  jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 20)), event_time => '2023-01-31T09:59:59.999Z'
), 'stale'),
(3, 'the issue of 9:00 is the first of its kind', pg_temp.pricing_health(
  12, 10, event_time => '2023-01-31T09:00:00Z'
), 'processed'),
(4, 'the issue of 8:00', pg_temp.pricing_health(
  20, 10, event_time => '2023-01-31T08:00:00Z', issue_type => 'Older'
), 'stale'),
(5, 'offers of 9:00 of a used one', pg_temp.any_offer_changed(
  '[]', item_condition => 'used', event_time => '2023-01-31T09:00:00Z'
), 'processed'),
(6, 'offers of 9:00 in another marketplace', pg_temp.any_offer_changed(
  '[]', marketplace => 'APJ6JRA9NG5V4', event_time => '2023-01-31T09:00:00Z'
), 'processed'),
(7, 'offers of 9:00 of another ASIN', pg_temp.any_offer_changed(
  '[]', asin => 'B0TEST0002', event_time => '2023-01-31T09:00:00Z'
), 'processed'),
(8, 'another type of 9:00 is never late', '{
  "NotificationType": "X", "EventTime": "2023-01-31T09:00:00Z", "Payload": {"ASIN": "B0TEST0001"}
}', 'processed'),
(9, 'another type of 8:00 neither', '{
  "NotificationType": "X", "EventTime": "2023-01-31T08:00:00Z", "Payload": {"ASIN": "B0TEST0001"}
}', 'processed'),
(10, 'offers of 11:00', pg_temp.any_offer_changed(
  '[]', event_time => '2023-01-31T11:00:00Z'
), 'processed'),
(11, 'offers of 10:30 are late by now', pg_temp.any_offer_changed(
  '[]', event_time => '2023-01-31T10:30:00Z'
), 'stale');

create temporary table taken on commit drop as
select s.step, s.description, s.outcome as expected, r.*
from (select s.* from steps as s order by s.step) as s
cross join lateral ingest_notification(s.step::text, s.body) as r;

select is(
  array[t.outcome, t.acknowledge::text],
  array[t.expected, 'true'],
  t.description || ': ' || t.expected
)
from taken as t
order by t.step;

select is(count(*), 11::bigint, 'all are stored') from worker_notifications;
select is(n.status, 'completed', 'a late one as completed')
from worker_notifications as n
where n.message_id = '2';
select is(
  array[t.notification_id::text, t.asin, t.marketplace, t.severity, t.trace_id],
  array[n.id::text, 'B0TEST0001', 'A1F83G8C2ARO7P', 'success', n.trace_id],
  'a late one returns its own values'
)
from taken as t
inner join worker_notifications as n on t.step::text = n.message_id
where t.step = 2;

select is(c.pricing_issue, 'BuyBoxDisqualification', 'a late issue changes nothing')
from current_state as c
where c.asin = 'B0TEST0001' and c.item_condition = 'new' and c.marketplace = 'A1F83G8C2ARO7P';

create temporary table before on commit drop as select * from pg_temp.every_row();
select is(r.outcome, 'stale', 'one more late one')
from ingest_notification('12', pg_temp.any_offer_changed(
  '[]', event_time => '2023-01-30T00:00:00Z'
)::text) as r;
select results_eq(
  $$
  select e.contents ->> 'message_id'
  from pg_temp.every_row() as e
  where not exists (select from before as b where b = e)
  $$,
  array['12'],
  'writes nothing but its own row'
);

select * from finish();
rollback;
