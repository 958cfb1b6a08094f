-- An applied event raises alerts in its transaction: with hold, cooldown, repeats and cancellation;
-- what is no applied event raises none. Time stands still here, so the alerts are moved instead.
begin;
select plan(39);
\ir ../fixtures.psql

-- Offers of this minute: yours at a price, with the buy box or not, and a rival's of 10.00.
create function pg_temp.ingest(
  minute integer, your_price numeric, wins boolean, asin text default 'B0TEST0001'
)
returns text
language sql
begin atomic
  select i.outcome
  from ingest_notification(
    format('%s at %s', ingest.asin, ingest.minute),
    pg_temp.any_offer_changed(
      case when ingest.your_price is not null then jsonb_build_array(
        pg_temp.offer(
          'A1OWNSELLER001', ingest.your_price,
          jsonb_build_object('IsBuyBoxWinner', ingest.wins)
        )
      ) else '[]' end || jsonb_build_array(pg_temp.offer('A1RIVAL0000001', 10)),
      asin => ingest.asin,
      event_time => format('2023-01-31T09:%s:00Z', ingest.minute)
    )::text
  ) as i;
end;

create function pg_temp.issue(minute integer)
returns text
language sql
begin atomic
  select i.outcome
  from ingest_notification(
    format('issue of %s', issue.minute),
    pg_temp.pricing_health(15, 10, event_time => format('2023-01-31T09:%s:00Z', issue.minute))::text
  ) as i;
end;

create function pg_temp.told()
returns setof text
language sql
begin atomic
  select concat_ws(' ', a.rule, a.status, nullif(a.repeats, 0))
  from alerts as a
  order by a.id;
end;

-- Lets this much time pass for the alerts there are.
create function pg_temp.pass(much interval)
returns void
language sql
begin atomic
  update alerts set created_at = created_at - much, due_at = due_at - much;
end;

delete from alert_rules;
insert into alert_rules (name, kind, hold, cooldown) values
('lost', 'buy_box_lost', '5 minutes', '1 hour'),
('won', 'buy_box_won', '0', '0'),
('cheaper', 'undercut', '0', '30 days'),
('issue', 'pricing_issue', '10 minutes', '1 hour');

-- First arrivals, hold, cancellation.
select is(pg_temp.ingest(10, 9, true), 'processed', 'you are there and win');
select is_empty('select pg_temp.told()', 'which is no change');
select is(pg_temp.ingest(11, 11, false), 'processed', 'you are undercut and lose');
select results_eq(
  'select pg_temp.told()', array['cheaper pending', 'lost pending'], 'which raises two alerts'
);
select results_eq(
  $$
  select
    a.kind, a.asin, a.marketplace, a.item_condition, a.severity, a.created_at = now(),
    a.due_at - a.created_at, a.event_time, n.message_id, a.details #>> '{before,your_price}',
    a.details #>> '{after,your_price}'
  from alerts as a
  inner join worker_notifications as n on a.notification_id = n.id
  where a.rule = 'lost'
  $$,
  $$
  values (
    'buy_box_lost', 'B0TEST0001', 'A1F83G8C2ARO7P', 'new', 'success', true,
    interval '5 minutes', timestamptz '2023-01-31T09:11:00Z', 'B0TEST0001 at 11', '9.00', '11.00'
  )
  $$,
  'an alert says of which event it is, what was and what is'
);
select is(pg_temp.ingest(12, 11, true), 'processed', 'you win again before the hold is over');
select results_eq(
  'select pg_temp.told()', array['cheaper pending', 'lost cancelled', 'won pending'],
  'which cancels what it ends, and nothing else'
);
select pg_temp.pass('10 minutes');
select is(pg_temp.ingest(13, 11, false), 'processed', 'you lose it again');
select pg_temp.pass('5 minutes');
select is(pg_temp.ingest(14, 11, true), 'processed', 'and win it when the alert is due');
select results_eq(
  'select pg_temp.told()',
  array['cheaper pending', 'lost cancelled', 'won pending', 'lost pending', 'won pending'],
  'a cancelled alert has no cooldown, and one that is due is not cancelled any more'
);

-- Cooldown and repeats.
select pg_temp.pass('54 minutes 59 seconds');
select is(pg_temp.ingest(15, 11, false), 'processed', 'you lose it within the cooldown');
select is(pg_temp.ingest(16, 11, true), 'processed', 'and win');
select pg_temp.pass('1 second');
select is(pg_temp.ingest(17, 11, false), 'processed', 'and lose it after it');
select results_eq(
  'select pg_temp.told()',
  array[
    'cheaper pending', 'lost cancelled', 'won pending', 'lost pending 1', 'won pending',
    'won pending', 'lost pending'
  ],
  'within the cooldown it counts; then it is an alert'
);
update alerts set status = 'sent';
select is(pg_temp.ingest(18, 9, false), 'processed', 'you are the cheapest again');
select is(pg_temp.ingest(19, 11, false), 'processed', 'and undercut again');
select is(repeats, 1, 'what was sent counts its repeats, too') from alerts where rule = 'cheaper';

-- What applies no event raises none.
create temporary table standing on commit drop as select * from alerts;
insert into alert_rules (name, kind, min_severity, cooldown) values
('any', 'severity_raised', 'success', '0'), ('back', 'severity_cleared', 'critical', '0');
select is(pg_temp.ingest(18, 9, true), 'duplicate', 'a duplicate');
select is(pg_temp.ingest(10, 9, true, 'B0TEST0001'), 'duplicate', 'another');
update current_state set severity = 'critical', buy_box_winner = true, your_position = 1;
update current_state set severity = 'info', buy_box_winner = false, your_position = 2;
select rerun_severity();
select rebuild_current_state();
select rebuild_current_state('B0TEST0001');
select set_eq(
  'select * from alerts', 'select * from standing', 'neither does a rerun, a rebuild, a hand'
);
select is(pg_temp.ingest(10, 20, false, 'B0TEST0002'), 'processed', 'another item is there');
select results_eq(
  $$select rule from alerts where asin = 'B0TEST0002'$$, array['any'], 'after a rebuild, too'
);
delete from alert_rules where name in ('any', 'back');

-- Issues: each is one, offers after it end it.
select is(pg_temp.issue(20), 'processed', 'an issue');
select is(pg_temp.issue(21), 'processed', 'a further one');
select results_eq(
  $$select concat_ws(' ', status, repeats) from alerts where rule = 'issue'$$,
  array['pending 1'], 'repeats the first'
);
select is(pg_temp.ingest(20, 9, true), 'processed', 'offers from before it, in which you win');
select results_eq(
  $$select status from alerts where rule = 'issue'$$, array['pending'], 'do not end it'
);
select is(pg_temp.ingest(22, 9, true), 'processed', 'offers after it, in which you still do');
select results_eq(
  $$select status from alerts where rule = 'issue'$$, array['cancelled'], 'do'
);
select is(
  (select event_time from alerts where rule = 'issue'), timestamptz '2023-01-31T09:20:00Z',
  'its time is the issue''s'
);

-- A batch is one event of an item, from what stood before it to what stands after it.
create temporary table wanted (given jsonb[], told text[], description text) on commit drop;
-- Of an item that is severe by its offers (critical) or its issue (high).
create function pg_temp.severe(minute integer)
returns jsonb
language sql
return pg_temp.any_offer_changed(
  jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 40))
  || (
    select jsonb_agg(pg_temp.offer('A1RIVAL' || r, 10 + r::numeric / 100))
    from generate_series(1, 12) as r
  ),
  event_time => format('2023-02-01T09:%s:00Z', minute)
);
create function pg_temp.fine(minute integer)
returns jsonb
language sql
return pg_temp.any_offer_changed(
  jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 10, '{"IsBuyBoxWinner": true}')
  ),
  event_time => format('2023-02-01T09:%s:00Z', minute)
);
create function pg_temp.problem(minute integer)
returns jsonb
language sql
return pg_temp.pricing_health(12, 10, event_time => format('2023-02-01T09:%s:00Z', minute));

delete from alert_rules;
insert into alert_rules (name, kind, min_severity, hold, cooldown) values
('critical', 'severity_raised', 'critical', '0', '0'),
('high', 'severity_raised', 'high', '0', '0'),
('fine', 'severity_cleared', 'high', '0', '0'),
('won', 'buy_box_won', 'high', '0', '0'),
('issue', 'pricing_issue', 'high', '1 minute', '0');
insert into wanted values
(
  array[pg_temp.fine(10), pg_temp.problem(11)], array['high pending', 'issue pending'],
  'an item''s first offers and issue'
),
(
  array[pg_temp.fine(12), pg_temp.problem(13)], array['issue pending'],
  'offers that were better only until the issue came'
),
(
  array[pg_temp.severe(14), pg_temp.problem(15)], array['issue pending'],
  'offers that were worse only until then'
),
(
  array[pg_temp.severe(16), pg_temp.fine(18), pg_temp.problem(17)],
  array['fine pending', 'issue cancelled', 'won pending'],
  'an issue that is over by the newer offers'
),
(
  array[pg_temp.problem(20), pg_temp.fine(21)], array['issue cancelled'],
  'nothing before and after, but an issue between'
),
(
  array[pg_temp.fine(22), pg_temp.problem(19)], '{}', 'an issue that comes too late'
);
create function pg_temp.told_of(given jsonb[])
returns text[]
language plpgsql
as $$
declare
  told text[];
begin
  delete from alerts;
  perform from ingest_notification(
    array(select 'batched ' || g::text from unnest(given) as g),
    array(select g::text from unnest(given) as g)
  );
  select coalesce(array_agg(t order by t), '{}') into told from pg_temp.told() as t;
  return told;
end
$$;
select is(pg_temp.told_of(w.given), w.told, w.description) from wanted as w;

-- Of an inactive rule, and of one about something else, nothing.
delete from alert_rules;
delete from alerts;
insert into alert_rules (name, kind, active, asin, item_condition, hold) values
('won', 'buy_box_won', false, null, null, '0'),
('lost', 'buy_box_lost', true, null, 'USED', '5 minutes'),
('cheaper', 'undercut', true, 'B0OTHER', null, '0');
update current_state set event_time = '2023-01-31T09:22:00Z' where event_time > '2023-02-01';
select pg_temp.ingest(23, 11, false);
select pg_temp.ingest(24, 11, true);
select is_empty('select pg_temp.told()', 'rules that are not about it are silent');
update alert_rules set item_condition = 'NEW', marketplace = 'A1F83G8C2ARO7P' where name = 'lost';
select pg_temp.ingest(25, 11, false);
select results_eq('select pg_temp.told()', array['lost pending'], 'and those that are, tell');
select is_empty('select * from worker_failures', 'no message failed');

select * from finish();
rollback;
