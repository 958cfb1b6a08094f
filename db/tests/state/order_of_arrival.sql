-- A standard queue promises no order: each set of notifications is ingested in every order there
-- is, and the state must come out the same, and right.
begin;
select plan(13);
\ir ../fixtures.psql
set local timezone = 'UTC';

create temporary table bodies (set_name text, name text, body text) on commit drop;

create function pg_temp.dedupe_hash(body text)
returns text
language sql immutable
return encode(sha256(convert_to(body, 'UTF8')), 'hex') collate "C";

-- The state after ingesting a set in this order; leaves the tables as they were.
create function pg_temp.state_after(set_name text, names text[])
returns jsonb
language plpgsql
as $$
declare
  next_name text;
  state jsonb;
begin
  foreach next_name in array names loop
    perform ingest_notification(b.name, b.body)
    from bodies as b
    where b.set_name = state_after.set_name and b.name = next_name;
  end loop;
  select jsonb_agg(
    to_jsonb(c) - 'last_notification_id' || jsonb_build_object('last', n.message_id)
    order by c.asin, c.marketplace, c.item_condition
  ) into state
  from current_state as c
  inner join worker_notifications as n on c.last_notification_id = n.id;
  delete from current_state;
  delete from worker_notifications;
  return state;
end
$$;

create temporary table states (set_name text, names text[], state jsonb) on commit drop;

create function pg_temp.offers_at(event_time text, your_price numeric)
returns text
language sql
return pg_temp.any_offer_changed(
  jsonb_build_array(pg_temp.offer('A1OWNSELLER001', your_price)), event_time => event_time
)::text;

create function pg_temp.issue_at(event_time text, landed_price numeric)
returns text
language sql
return pg_temp.pricing_health(
  landed_price, 10, event_time => event_time, issue_type => 'Issue ' || landed_price
)::text;

insert into bodies values
('offers newest', 'offers 11:00', pg_temp.offers_at('2023-01-31T11:00:00Z', 2)),
('offers newest', 'offers 12:00', pg_temp.offers_at('2023-01-31T12:00:00Z', 3)),
('offers newest', 'issue 9:00', pg_temp.issue_at('2023-01-31T09:00:00Z', 20)),
('offers newest', 'issue 11:00', pg_temp.issue_at('2023-01-31T11:00:00Z', 11)),

('issue newest', 'offers 10:00', pg_temp.offers_at('2023-01-31T10:00:00Z', 1)),
('issue newest', 'offers 11:00', pg_temp.offers_at('2023-01-31T11:00:00Z', 2)),
('issue newest', 'issue 11:30', pg_temp.issue_at('2023-01-31T11:30:00Z', 12)),
('issue newest', 'issue 12:00', pg_temp.issue_at('2023-01-31T12:00:00Z', 20)),

('all at once', 'offers 1', pg_temp.offers_at('2023-01-31T10:00:00Z', 1)),
('all at once', 'offers 2', pg_temp.offers_at('2023-01-31T10:00:00Z', 2)),
('all at once', 'issue 11', pg_temp.issue_at('2023-01-31T10:00:00Z', 11)),
('all at once', 'issue 12', pg_temp.issue_at('2023-01-31T10:00:00Z', 12)),

-- Clocks that run ahead count as the moment of receipt, which is now() for all of them.
('ahead of time', 'offers 1', pg_temp.offers_at('2098-01-31T10:00:00Z', 1)),
('ahead of time', 'offers 2', pg_temp.offers_at('2099-01-31T10:00:00Z', 2)),
('ahead of time', 'offers 3', pg_temp.offers_at(to_jsonb(now()) #>> '{}', 3)),
('ahead of time', 'issue 11', pg_temp.issue_at('2097-01-31T10:00:00Z', 11)),

('without a time', 'offers 1', pg_temp.offers_at(null, 1)),
('without a time', 'offers 2', pg_temp.offers_at(null, 2)),
('without a time', 'offers long ago', pg_temp.offers_at('2023-01-31T10:00:00Z', 3)),
('without a time', 'issue long ago', pg_temp.issue_at('2023-01-31T10:00:00Z', 11));

with recursive orders as (
  select
    b.set_name,
    array[b.name] as names
  from bodies as b
  union all
  select
    o.set_name,
    o.names || b.name as names
  from orders as o
  inner join bodies as b on o.set_name = b.set_name and b.name <> all(o.names)
)

insert into states
select
  o.set_name,
  o.names,
  pg_temp.state_after(o.set_name, o.names) as state
from orders as o
where cardinality(o.names) = (select count(*) from bodies as b where b.set_name = o.set_name);

select results_eq(
  $$
  select s.set_name, count(*), count(distinct s.state)
  from states as s
  group by s.set_name
  order by s.set_name
  $$,
  $$
  values
  ('ahead of time', 24::bigint, 1::bigint),
  ('all at once', 24, 1),
  ('issue newest', 24, 1),
  ('offers newest', 24, 1),
  ('without a time', 24, 1)
  $$,
  'every order ends in one state'
);

-- Which of the notifications that are level stays: the one of the greatest hash.
create function pg_temp.greatest_of(name_of_set text, pattern text)
returns text
language sql
as $$
  select b.name
  from bodies as b
  where b.set_name = name_of_set and b.name like pattern
  order by pg_temp.dedupe_hash(b.body) desc
  limit 1
$$;

select pg_temp.is_row(s.state -> 0, e.expected, e.set_name)
from (
  values
  (
    'offers newest',
    '{"your_price": 3, "event_time": "2023-01-31T12:00:00+00:00", "severity": "success",
      "pricing_issue": "Issue 11", "pricing_issue_time": "2023-01-31T11:00:00+00:00",
      "last": "offers 12:00"}'::jsonb
  ),
  (
    'issue newest',
    '{"your_price": 2, "event_time": "2023-01-31T11:00:00+00:00", "severity": "critical",
      "pricing_issue": "Issue 20", "pricing_issue_time": "2023-01-31T12:00:00+00:00",
      "last": "issue 12:00"}'
  ),
  (
    'all at once',
    jsonb_build_object(
      'your_price', right(pg_temp.greatest_of('all at once', 'offers%'), 1)::numeric,
      'pricing_issue', initcap(pg_temp.greatest_of('all at once', 'issue%')),
      'severity', 'high',
      'last', pg_temp.greatest_of('all at once', 'issue%'),
      'event_time', '2023-01-31T10:00:00+00:00',
      'pricing_issue_time', '2023-01-31T10:00:00+00:00'
    )
  ),
  (
    'ahead of time',
    jsonb_build_object(
      'your_price', right(pg_temp.greatest_of('ahead of time', 'offers%'), 1)::numeric,
      'pricing_issue', 'Issue 11', 'severity', 'high', 'last', 'issue 11',
      'event_time', now(), 'pricing_issue_time', now()
    )
  ),
  (
    'without a time',
    jsonb_build_object(
      'your_price', right(pg_temp.greatest_of('without a time', 'offers _'), 1)::numeric,
      'pricing_issue', 'Issue 11', 'severity', 'success',
      'last', pg_temp.greatest_of('without a time', 'offers _'), 'event_time', now()
    )
  )
) as e (set_name, expected)
inner join lateral (
  select s.state from states as s where s.set_name = e.set_name limit 1
) as s on true;

select is(jsonb_array_length(s.state), 1, 'it is one row an item') from states as s limit 1;

-- The notification keeps the time it came with.
select is(r.outcome, 'processed', 'from 2099')
from ingest_notification('ahead', pg_temp.offers_at('2099-01-31T10:00:00Z', 1)) as r;
select is(n.event_time, timestamptz '2099-01-31 10:00:00+00', 'is stored so')
from worker_notifications as n;
select is(c.event_time, n.received_at, 'and counts as of its receipt')
from current_state as c
inner join worker_notifications as n on c.last_notification_id = n.id;
select is(r.outcome, 'stale', 'and makes an event of 2022 stale')
from ingest_notification('late', pg_temp.offers_at('2022-01-31T10:00:00Z', 1)) as r;
select is(r.outcome, 'processed', 'an issue from 2099')
from ingest_notification('ahead too', pg_temp.issue_at('2099-01-31T10:00:00Z', 20)) as r;
select is(c.pricing_issue_time, n.received_at, 'counts as of its receipt too')
from current_state as c
inner join worker_notifications as n on c.last_notification_id = n.id
where n.message_id = 'ahead too';

select * from finish();
rollback;
