-- Ids that stand together in an index: UUID version 7 (RFC 9562).
begin;
select plan(6);

create temporary table ids on commit drop as
select
  n.number,
  time_ordered_id()::text as id
from generate_series(1, 2000) as n (number);

select is_empty(
  $$
  select i.id
  from ids as i
  where i.id !~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
  $$,
  'version 7, of RFC 9562''s variant'
);
select is(count(distinct i.id), 2000::bigint, 'no two are the same') from ids as i;
select is_empty(
  $$
  select a.id, b.id
  from ids as a
  inner join ids as b on a.number = b.number - 1
  where left(a.id, 13) > left(b.id, 13)
  $$,
  'a later millisecond''s is greater'
);
select cmp_ok(
  abs(
    extract(epoch from clock_timestamp()) * 1000
    - ('x' || replace(left(time_ordered_id()::text, 13), '-', ''))::bit(48)::bigint
  ),
  '<', 60000::numeric, 'its first 48 bits are the milliseconds since 1970'
);
select is(count(distinct substr(i.id, 16)), 2000::bigint, 'the rest is chance') from ids as i;
select is(substr(r.notification_id::text, 15, 1), '7', 'a stored notification''s id is one')
from ingest_notification('m-1', '{"NotificationType": "X"}') as r;

select * from finish();
rollback;
