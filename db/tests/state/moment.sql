-- The order of an item's events: by their own time, not after they were received, then by hash.
begin;
select plan(11);
set local timezone = 'UTC';

select is(
  (moment(t.event_time::timestamptz, t.received_at::timestamptz, 'h')).happened_at,
  t.happened_at::timestamptz,
  t.description
)
from (
  values
  ('2024-01-01', '2024-01-02', '2024-01-01', 'its own time'),
  ('2999-01-01', '2024-01-02', '2024-01-02', 'but never after it was received'),
  (null, '2024-01-02', '2024-01-02', 'when it was received, where it has none'),
  ('2024-01-01', null, '2024-01-01', 'its own, where it is known to be in order')
) as t (event_time, received_at, happened_at, description);

select ok(
  moment(t.a_time::timestamptz, null, t.a_hash) < moment(t.b_time::timestamptz, null, t.b_hash),
  concat_ws(' ', t.a_time, t.a_hash, 'is before', t.b_time, t.b_hash)
)
from (
  values
  ('2024-01-01', 'f', '2024-01-02', '0'),
  ('2024-01-01', '9', '2024-01-01', 'a'),
  ('2024-01-01', 'a', '2024-01-01', 'ab'),
  -- as bytes compare, whatever a locale makes of them
  ('2024-01-01', 'B', '2024-01-01', 'a')
) as t (a_time, a_hash, b_time, b_hash);

select ok(
  moment('2024-01-01', null, 'a') = moment('2024-06-01', '2024-01-01', 'a'), 'equal ones are equal'
);
select results_eq(
  $$
  select t.hash
  from (
    values ('2024-01-02', 'a'), ('2024-01-01', 'b'), ('2024-01-01', 'a'), ('2024-01-03', '0')
  ) as t (event_time, hash)
  order by moment(t.event_time::timestamptz, null, t.hash) desc
  $$,
  array['0', 'a', 'b', 'a'],
  'it sorts'
);
select is(c.collname, 'C', 'the hash has no locale')
from pg_type as t
inner join pg_attribute as a on t.typrelid = a.attrelid
inner join pg_collation as c on a.attcollation = c.oid
where t.typname = 'event_moment' and a.attname = 'dedupe_hash';

select * from finish();
rollback;
