-- A batch: each message has an outcome of its own, whatever its neighbours are, and may stand in it
-- twice.
begin;
select plan(4);
\ir ../fixtures.psql

create temporary table batch (ordinal integer, message_id text, body text) on commit drop;
insert into batch values
(1, 'a', pg_temp.any_offer_changed('[]', asin => 'B0TEST0001')::text),
(2, 'b', 'no JSON'),
(3, 'a', pg_temp.any_offer_changed('[]', asin => 'B0TEST0001')::text),
(4, 'c', pg_temp.any_offer_changed('[]', asin => 'B0TEST0001')::text),
(5, 'd', pg_temp.any_offer_changed('[{"ListingPrice": {"Amount": "x"}}]')::text),
(6, 'e', pg_temp.any_offer_changed('[]', asin => 'B0TEST0002')::text),
(7, 'b', 'no JSON'),
(8, 'f', '{"NotificationType": "X"}'),
(9, 'g', pg_temp.pricing_health(12, 10, asin => 'B0TEST0002')::text);

create temporary table returned on commit drop as
select
  r.position as ordinal,
  r.*
from (
  select
    array_agg(b.message_id order by b.ordinal) as message_ids,
    array_agg(b.body order by b.ordinal) as bodies
  from batch as b
) as a
cross join lateral ingest_notification(a.message_ids, a.bodies) as r;

select results_eq(
  'select ordinal, outcome, acknowledge from returned order by ordinal',
  $$
  values
  (1, 'processed', true),
  (2, 'failed', false),
  (3, 'duplicate', true),
  (4, 'duplicate', true),
  (5, 'failed', false),
  (6, 'processed', true),
  (7, 'failed', false),
  (8, 'processed', true),
  (9, 'processed', true)
  $$,
  'each message has its own outcome'
);
select results_eq(
  'select message_id from worker_notifications order by message_id',
  array['a', 'e', 'f', 'g'],
  'what is sound is stored once'
);
select results_eq(
  'select message_id, failure_count from worker_failures order by message_id',
  $$values ('b', 2), ('d', 1)$$,
  'what is bad is kept once, and counted'
);
select results_eq(
  $$
  select ordinal
  from returned
  where notification_id = (select n.id from worker_notifications as n where n.message_id = 'a')
  order by ordinal
  $$,
  array[1, 3, 4],
  'the copies return the one that is stored'
);

select * from finish();
rollback;
