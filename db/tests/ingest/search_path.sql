-- Ingest runs with its owner's rights, so nothing that a caller has made may take the place of what
-- it uses.
begin;
select plan(5);

create temporary table worker_notifications (like public.worker_notifications including all)
on commit drop;
create temporary table current_state (like public.current_state including all) on commit drop;
create temporary table worker_failures (like public.worker_failures including all) on commit drop;
create temporary table severity_rules (like public.severity_rules including all) on commit drop;
create temporary table own_sellers (like public.own_sellers including all) on commit drop;
create function pg_temp.gen_random_uuid()
returns uuid
language sql
return '00000000-0000-0000-0000-000000000000'::uuid;
insert into pg_temp.own_sellers values ('A1RIVAL0000001');

-- Names the caller's own schema first, as an attacker would.
select set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true) as path
\gset

select is(r.outcome, 'processed', 'a sound message is processed')
from ingest_notification('sound', '{
  "NotificationType": "ANY_OFFER_CHANGED",
  "Payload": {"ASIN": "B0TEST0001", "AnyOfferChangedNotification": {
    "Offers": [{"SellerId": "A1RIVAL0000001", "ListingPrice": {"Amount": 7}}]
  }}
}') as r;
select is(r.outcome, 'failed', 'a bad one fails') from ingest_notification('bad', 'no JSON') as r;

select results_eq(
  $$
  select n.message_id from public.worker_notifications as n
  union all
  select w.message_id from public.worker_failures as w
  order by message_id
  $$,
  array['bad', 'sound'],
  'both are in the real tables'
);
select is_empty(
  $$
  select message_id from pg_temp.worker_notifications
  union all
  select message_id from pg_temp.worker_failures
  union all
  select asin from pg_temp.current_state
  $$,
  'and none in the caller''s'
);
select is(c.your_price, null, 'a rival in the caller''s own_sellers is none of yours')
from public.current_state as c;

select * from finish();
rollback;
