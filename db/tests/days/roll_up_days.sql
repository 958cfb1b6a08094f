-- What a day's row holds, which days are written, and what is an arrival.
begin;
select plan(43);
\ir ../fixtures.psql
\ir ../market.psql
set local timezone to 'Pacific/Kiritimati';  -- fourteen hours ahead: days are UTC days all the same

create function pg_temp.day(of_day date)
returns jsonb
language sql
as $$
  select to_jsonb(d) from item_days as d where d.asin = 'B0TEST0001' and d.day = of_day
$$;

create function pg_temp.at(price numeric, holder text default null)
returns jsonb
language sql immutable
return jsonb_build_array(
  case when holder = 'you' then pg_temp.winning(pg_temp.offer('A1OWNSELLER001', price))
    else pg_temp.offer('A1OWNSELLER001', price) end,
  pg_temp.offer('A3R1', 10)
);

select is(roll_up_days(), 0::bigint, 'nothing to roll up');
select is(pg_temp.hear(h.hour, h.offers), 'processed', 'hour ' || h.hour)
from (
  values
  (6, pg_temp.at(12)),  -- 2023-01-31, a success by its position
  (12, pg_temp.at(14, 'you')),
  (18, pg_temp.at(13)),
  (72, pg_temp.at(9.999))  -- 2023-02-03, at midnight
) as h (hour, offers);
select is(r.outcome, 'processed', 'an issue at 20 hours')
from ingest_notification('issue', pg_temp.pricing_health(
  18, 10, event_time => '2023-01-31T20:00:00Z'
)::text) as r;

select is(roll_up_days('2023-01-30'), 0::bigint, 'nothing happened until then');
select is(roll_up_days('2023-02-01'), 2::bigint, 'a day and a quiet one');
select is(roll_up_days('2023-02-01'), 0::bigint, 'and no more');
select pg_temp.is_row(
  pg_temp.day('2023-01-31'),
  '{"events": 3, "your_open": 12, "your_low": 12, "your_high": 14, "your_close": 13,
    "market_low": 10, "market_close": 10, "buy_box_seconds": 21600, "known_seconds": 64800,
    "buy_box_won": 1, "buy_box_lost": 1, "success_s": 50400, "info_s": 0, "warning_s": 0,
    "high_s": 0, "critical_s": 14400, "pricing_issues": 1, "final": false}',
  'the first day is known from its first event on'
);
select pg_temp.is_row(
  pg_temp.day('2023-02-01'),
  '{"events": 0, "your_open": 13, "your_low": 13, "your_high": 13, "your_close": 13,
    "market_low": 10, "market_close": 10, "buy_box_seconds": 0, "known_seconds": 86400,
    "buy_box_won": 0, "buy_box_lost": 0, "success_s": 0, "critical_s": 86400,
    "pricing_issues": 0}',
  'a quiet day is as the last event left it'
);
select is(roll_up_days('2023-02-03'), 2::bigint, 'the next two');
select pg_temp.is_row(
  pg_temp.day('2023-02-03'),
  '{"events": 1, "your_open": 13, "your_low": 10.00, "your_high": 13, "your_close": 10.00,
    "market_low": 10.00, "market_close": 10.00, "known_seconds": 86400, "success_s": 86400,
    "critical_s": 0}',
  'what stood at midnight counts in prices, though not for a second'
);
select is(
  roll_up_days(), (utc_day(now()) - 1 - date '2023-02-03')::bigint, 'up to yesterday by default'
);
select is(roll_up_days('infinity'), 0::bigint, 'and at most');
select is(max(d.day), utc_day(now()) - 1, 'today is not finished') from item_days as d;

-- A late event rewrites its day and those up to the next event's.
select is(pg_temp.hear(36, pg_temp.at(15, 'you')), 'stale', 'noon of 2023-02-01');
select is(roll_up_days('2023-02-02'), 2::bigint, 'the days until then');
select pg_temp.is_row(
  pg_temp.day('2023-02-03'), '{"your_open": 13, "buy_box_lost": 0}', 'one of three waits'
);
select is(roll_up_days(), 3::bigint, 'all three');
select is(roll_up_days(), 0::bigint, 'and nothing waits any more');
select pg_temp.is_row(
  pg_temp.day(d.day), d.expected, 'a late event in ' || d.day
)
from (
  values
  (
    date '2023-02-01',
    '{"events": 1, "your_open": 13, "your_high": 15, "buy_box_won": 1, "buy_box_seconds": 43200,
      "critical_s": 43200, "success_s": 43200}'::jsonb
  ),
  ('2023-02-02', '{"events": 0, "your_open": 15, "buy_box_seconds": 86400}'),
  ('2023-02-03', '{"events": 1, "your_open": 15, "buy_box_lost": 1, "buy_box_seconds": 0}')
) as d (day, expected);

-- An update is no arrival, a rerun that changes a severity is.
update worker_notifications as n set severity = 'warning'
where n.notification_type = 'ANY_OFFER_CHANGED' and n.event_time = '2023-01-31 06:00+00';
select is(roll_up_days(), 0::bigint, 'an update of what is stored');
update severity_rules as s set success_max_position = 1;
select is(r.changed, 1::bigint, 'a rerun') from rerun_severity() as r;
select is(roll_up_days(), 2::bigint, 'the days of what it changed');
select pg_temp.is_row(
  pg_temp.day('2023-01-31'), '{"success_s": 21600, "warning_s": 28800, "critical_s": 14400}',
  'are by the severities stored now'
);

-- Of two events at one time the greater hash comes last, also when the other has been pruned.
create temp table level as
select
  row_number() over (order by dedupe_hash(b.body)) as place,
  b.price,
  b.body
from (
  select
    p.price,
    pg_temp.any_offer_changed(
      pg_temp.at(p.price), asin => 'B0TEST0002', event_time => '2023-01-31T06:00:00Z'
    )::text as body
  from unnest(array[11, 12, 13]) as p (price)
) as b;
create function pg_temp.opens()
returns numeric
language sql
as $$
  select d.your_open from item_days as d where d.asin = 'B0TEST0002' and d.day = '2023-02-01'
$$;
select is(r.outcome, 'processed', 'an event')
from level as l
cross join lateral ingest_notification('middle', l.body) as r
where l.place = 2;
select is(pg_temp.hear(54, pg_temp.at(14), null, 'B0TEST0002'), 'processed', 'two days later');
update worker_notifications as n set received_at = n.event_time where n.message_id = 'middle';
select is(prune_notifications('28 days'), 1::bigint, 'the first goes');
select is(pg_temp.opens(), l.price::numeric, 'not what it said') from level as l where l.place = 2;
select is(r.outcome, 'stale', 'one that came before')
from level as l
cross join lateral ingest_notification('before', l.body) as r
where l.place = 1;
select is(roll_up_days(), 2::bigint, 'its day is final, the next two are not');
select is(pg_temp.opens(), l.price::numeric, 'changes nothing') from level as l where l.place = 2;
select is(r.outcome, 'stale', 'one that came after')
from level as l
cross join lateral ingest_notification('after', l.body) as r
where l.place = 3;
select is(roll_up_days(), 2::bigint, 'is an arrival, too');
select is(pg_temp.opens(), l.price::numeric, 'and stood') from level as l where l.place = 3;

-- Of an item of which only issues were known: offers that come late to a day that is final.
select is(r.outcome, o.outcome, 'an issue at ' || o.event_time)
from (
  values ('2023-01-31T08:00:00Z', 'processed'), ('2023-02-01T00:00:00Z', 'processed')
) as o (event_time, outcome)
cross join lateral ingest_notification(o.event_time, pg_temp.pricing_health(
  18, 10, asin => 'B0TEST0003', event_time => o.event_time
)::text) as r;
update worker_notifications as n set received_at = n.event_time where n.asin = 'B0TEST0003';
select is(prune_notifications('28 days'), 1::bigint, 'the first goes, and its day is final');
select is(
  pg_temp.hear(1, pg_temp.at(14), null, 'B0TEST0003'), 'processed', 'offers from before both'
);
select roll_up_days();
select is(d.known_seconds, 86400::numeric, 'are known all the next day')
from item_days as d
where d.asin = 'B0TEST0003' and d.day = '2023-02-01';

select * from finish();
rollback;
