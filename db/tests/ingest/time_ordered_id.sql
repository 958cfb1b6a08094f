-- Ids that stand together in an index: UUID version 7 (RFC 9562).
begin;
select plan(6);

create temporary table ids on commit drop as
select
  n.number,
  time_ordered_id(dedupe_hash(n.number::text), 1)::text as id
from generate_series(1, 2000) as n (number);

select is_empty(
  $$
  select i.id
  from ids as i
  where i.id !~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
  $$,
  'version 7, of RFC 9562''s variant'
);
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
    - (
      'x' || replace(left(time_ordered_id(dedupe_hash(''), 1)::text, 13), '-', '')
    )::bit(48)::bigint
  ),
  '<', 60000::numeric, 'its first 48 bits are the milliseconds since 1970'
);
select is(count(distinct substr(i.id, 16)), 2000::bigint, 'in one, each body has its own')
from ids as i;
select is(
  count(distinct substr(time_ordered_id(dedupe_hash('one'), n.place)::text, 16)), 2000::bigint,
  'and so has a body at each place'
)
from generate_series(1, 2000) as n (place);
select is(substr(r.notification_id::text, 15, 1), '7', 'a stored notification''s id is one')
from ingest_notification('m-1', '{"NotificationType": "X"}') as r;

select * from finish();
rollback;
