-- current_state is two registers, the offers and the issue. Neither clears the other; severity and
-- last_notification_id are those of the newer, at equal times the issue's. New and used are rows of
-- their own.
begin;
select plan(21);
\ir ../fixtures.psql
set local timezone = 'UTC';

create temporary table steps (step text, body jsonb, expected jsonb) on commit drop;
insert into steps values
(
  '1: an issue of 9:00, before any offers',
  pg_temp.pricing_health(
    15, 10, 14, event_time => '2023-01-31T09:00:00Z', issue_type => 'FirstIssue'
  ),
  '{"pricing_issue": "FirstIssue", "pricing_issue_time": "2023-01-31T09:00:00+00:00",
    "event_time": null, "your_price": null, "market_low": null, "prime_low": null,
    "buy_box_price": null, "your_position": null, "total_offers": null, "currency": null,
    "buy_box_winner": false, "severity": "critical", "last": "1"}'
),
(
  '2: offers of 8:00 come late, and are the first',
  pg_temp.any_offer_changed(
    jsonb_build_array(
      pg_temp.offer('A1OWNSELLER001', 12, '{"IsBuyBoxWinner": true}'),
      pg_temp.offer('A1RIVAL0000001', 11, '{"IsFulfilledByAmazon": true}')
    ),
    event_time => '2023-01-31T08:00:00Z'
  ),
  '{"pricing_issue": "FirstIssue", "pricing_issue_time": "2023-01-31T09:00:00+00:00",
    "event_time": "2023-01-31T08:00:00+00:00", "your_price": 12, "market_low": 11,
    "prime_low": 11, "buy_box_price": 12, "your_position": 2, "total_offers": 2,
    "currency": "GBP", "buy_box_winner": true, "severity": "critical", "last": "1"}'
),
(
  '3: offers of 10:00',
  pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 13)),
    event_time => '2023-01-31T10:00:00Z'
  ),
  '{"pricing_issue": "FirstIssue", "pricing_issue_time": "2023-01-31T09:00:00+00:00",
    "event_time": "2023-01-31T10:00:00+00:00", "your_price": 13, "market_low": 13,
    "prime_low": null, "buy_box_price": null, "your_position": 1, "total_offers": 1,
    "currency": "GBP", "buy_box_winner": false, "severity": "success", "last": "3"}'
),
(
  '4: an issue of 10:00 too',
  pg_temp.pricing_health(
    11, 10, event_time => '2023-01-31T10:00:00Z', issue_type => 'SecondIssue'
  ),
  '{"pricing_issue": "SecondIssue", "pricing_issue_time": "2023-01-31T10:00:00+00:00",
    "event_time": "2023-01-31T10:00:00+00:00", "your_price": 13, "market_low": 13,
    "your_position": 1, "total_offers": 1, "currency": "GBP", "severity": "high", "last": "4"}'
),
(
  '5: offers of 11:00, none of them yours',
  pg_temp.any_offer_changed('[{}]', event_time => '2023-01-31T11:00:00Z'),
  '{"pricing_issue": "SecondIssue", "pricing_issue_time": "2023-01-31T10:00:00+00:00",
    "event_time": "2023-01-31T11:00:00+00:00", "your_price": null, "market_low": null,
    "buy_box_price": null, "your_position": null, "total_offers": 1, "currency": null,
    "buy_box_winner": false, "severity": "info", "last": "5"}'
),
(
  '6: an issue of 10:30, newer than the issue and older than the offers',
  pg_temp.pricing_health(
    20, 10, event_time => '2023-01-31T10:30:00Z', issue_type => 'ThirdIssue'
  ),
  '{"pricing_issue": "ThirdIssue", "pricing_issue_time": "2023-01-31T10:30:00+00:00",
    "event_time": "2023-01-31T11:00:00+00:00", "severity": "info", "last": "5"}'
),
(
  '7: an issue of 12:00 that names none',
  pg_temp.pricing_health(11, 10, event_time => '2023-01-31T12:00:00Z', issue_type => null),
  '{"pricing_issue": null, "pricing_issue_time": "2023-01-31T12:00:00+00:00",
    "event_time": "2023-01-31T11:00:00+00:00", "total_offers": 1, "severity": "high", "last": "7"}'
),
(
  '8: offers of 12:00, level with the issue and after it',
  pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 9)), event_time => '2023-01-31T12:00:00Z'
  ),
  '{"pricing_issue": null, "pricing_issue_time": "2023-01-31T12:00:00+00:00",
    "event_time": "2023-01-31T12:00:00+00:00", "your_price": 9, "severity": "high", "last": "7"}'
);

create function pg_temp.state_of(
  wanted_condition text, wanted_marketplace text default 'A1F83G8C2ARO7P'
)
returns jsonb
language sql stable
return (
  select to_jsonb(c) || jsonb_build_object('last', n.message_id)
  from current_state as c
  inner join worker_notifications as n on c.last_notification_id = n.id
  where c.asin = 'B0TEST0001' and c.item_condition = state_of.wanted_condition
    and c.marketplace = state_of.wanted_marketplace
);

create function pg_temp.state_after(message_id text, body jsonb)
returns jsonb
language plpgsql
as $$
begin
  assert (ingest_notification(message_id, body::text)).outcome = 'processed';
  return pg_temp.state_of('new');
end
$$;

select pg_temp.is_row(pg_temp.state_after(left(s.step, 1), s.body), s.expected, s.step)
from (select * from steps order by step) as s;
select is(count(*), 1::bigint, 'all in one row') from current_state;

-- The same item used, and in another marketplace.
select is(r.outcome, 'processed', t.description)
from (
  values
  ('9', 'used offers, older than all the new ones', pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 5)), item_condition => 'Used',
    event_time => '2023-01-30T00:00:00Z'
  )),
  ('10', 'a used one''s issue', pg_temp.pricing_health(
    20, 10, item_condition => 'USED', event_time => '2023-01-30T01:00:00Z', issue_type => 'Used'
  )),
  ('11', 'offers in another marketplace', pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 6)), marketplace => 'APJ6JRA9NG5V4',
    event_time => '2023-01-30T00:00:00Z'
  )),
  ('12', 'offers that tell no condition are new', pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 7)), item_condition => null,
    event_time => '2023-01-31T13:00:00Z'
  ))
) as t (message_id, description, body)
cross join lateral ingest_notification(t.message_id, t.body::text) as r;

select pg_temp.is_row(
  pg_temp.state_of('used'),
  '{"your_price": 5, "event_time": "2023-01-30T00:00:00+00:00", "pricing_issue": "Used",
    "pricing_issue_time": "2023-01-30T01:00:00+00:00", "severity": "critical", "last": "10"}',
  'the used row'
);
select pg_temp.is_row(
  pg_temp.state_of('new', 'APJ6JRA9NG5V4'),
  '{"your_price": 6, "pricing_issue": null, "severity": "success", "last": "11"}',
  'the other marketplace''s row'
);
select pg_temp.is_row(
  pg_temp.state_of('new'),
  '{"your_price": 7, "event_time": "2023-01-31T13:00:00+00:00", "severity": "success",
    "last": "12"}',
  'the new row'
);
select is(count(*), 3::bigint, 'three rows for one ASIN') from current_state;

-- What bears no state leaves it alone.
create temporary table before on commit drop as
select e.* from pg_temp.every_row() as e where e.place like 'current_state%';
select is(r.outcome, 'processed', t.description)
from (
  values
  ('13', 'business offers', pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 1)), event_time => '2023-02-01T00:00:00Z'
  ) || '{"NotificationType": "B2B_ANY_OFFER_CHANGED"}'),
  ('14', 'another type', '{"NotificationType": "X", "Payload": {"ASIN": "B0TEST0001"}}')
) as t (message_id, description, body)
cross join lateral ingest_notification(t.message_id, t.body::text) as r;
select set_eq(
  $$select e.* from pg_temp.every_row() as e where e.place like 'current_state%'$$,
  'select * from before',
  'touch no state'
);
select is_empty('select * from worker_failures', 'nothing failed');

select * from finish();
rollback;
