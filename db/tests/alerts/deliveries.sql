-- The outbox: what is due becomes deliveries, each is claimed by one, tried eight times, and then
-- dead until it is revived. Time stands still here, so the rows are moved instead.
begin;
select plan(58);

delete from alert_rules;
insert into alert_rules (name, kind, channel) values
('mail', 'undercut', 'mail'), ('chat', 'undercut', 'chat'), ('off', 'undercut', 'chat');
update alert_rules set active = false where name = 'off';

create function pg_temp.alert(rule text, asin text, age interval default '0')
returns bigint
language sql
begin atomic
  insert into alerts (
    rule, kind, asin, marketplace, item_condition, severity, headline, details, event_time,
    created_at, due_at
  )
  values (
    alert.rule, 'undercut', alert.asin, 'M', 'new', 'high', 'About ' || alert.asin,
    '{"before": null, "after": {"asin": "B0TEST0001"}}', '2026-01-01T10:00Z', now() - age,
    now() - age
  )
  returning id;
end;

-- Lets the deliveries' leases and pauses be over.
create function pg_temp.elapse()
returns void
language sql
begin atomic
  update alert_deliveries set leased_until = now()
  where leased_until is not null;
end;

create function pg_temp.delivery()
returns text
language sql
begin atomic
  select concat_ws(' ', d.status, d.attempts, d.last_error) from alert_deliveries as d;
end;

-- One alert, one delivery.
select pg_temp.alert('mail', 'B0TEST0001');
select pg_temp.alert('mail', 'B0TEST0002', '-1 second');
select is_empty($$select * from claim_alerts('{chat}')$$, 'nothing is due on this channel');
select results_eq(
  $$
  select attempt, channel, title, body, payload #>> '{type}', payload #>> '{data,title}',
    payload #>> '{data,alerts,0,headline}', payload #>> '{data,alerts,0,details,after,asin}',
    jsonb_array_length(payload #> '{data,alerts}'), (payload ->> 'timestamp')::timestamptz
  from claim_alerts('{chat,mail}')
  $$,
  $$
  values (1, 'mail', 'mail: B0TEST0001', 'About B0TEST0001 (M, 2026-01-01 10:00 UTC)', 'alert',
    'mail: B0TEST0001', 'About B0TEST0001', 'B0TEST0001', 1, now())
  $$,
  'what is due on one is a delivery'
);
select is_empty($$select * from claim_alerts('{mail}')$$, 'which nobody else gets');
select is(
  (select leased_until from alert_deliveries), now() + interval '2 minutes', 'for two minutes'
);
select results_eq(
  'select status, delivery_id is not null from alerts order by id',
  $$values ('pending', true), ('pending', false)$$,
  'its alert is pending still, and nobody else''s'
);
select is(finish_alert(0, 1, 'sent'), false, 'there is no such delivery');
select is(finish_alert(d.id, 2, 'sent'), false, 'nor such an attempt') from alert_deliveries as d;
select is(finish_alert(d.id, 1, 'sent'), true, 'it was sent') from alert_deliveries as d;
select results_eq(
  'select status, sent_at, leased_until, last_error from alert_deliveries',
  $$values ('sent', now(), null::timestamptz, null::text)$$,
  'and is'
);
select is((select status from alerts order by id limit 1), 'sent', 'and so is its alert');
select is(finish_alert(d.id, 1, 'failed'), false, 'once') from alert_deliveries as d;
select throws_ok(
  format('select finish_alert(1, 1, %L)', o.outcome), '22023', null,
  coalesce(o.outcome, 'null') || ' is no outcome'
)
from (values ('SENT'), (null)) as o (outcome);

-- Pauses, and the end of them.
truncate alerts, alert_deliveries;
select pg_temp.alert('mail', 'B0TEST0001');
select is(
  (
    select bool_and(
      finish_alert(c.delivery_id, c.attempt, 'failed', 'HTTP 500') and p.expected
    )
    from claim_alerts('{mail}') as c
    cross join lateral (select c.attempt = a.attempt as expected) as p
  ),
  true,
  'attempt ' || a.attempt
)
from (select 1 as attempt) as a;
select is(pg_temp.delivery(), 'waiting 1 HTTP 500', 'a failed one waits for its turn');
select is_empty($$select * from claim_alerts('{mail}')$$, 'which has not come');

create function pg_temp.fail(retry_after interval default null, out pause interval)
language plpgsql
as $$
declare
  c record;
begin
  perform pg_temp.elapse();
  select * into strict c from claim_alerts('{mail}');
  assert finish_alert(c.delivery_id, c.attempt, 'failed', 'HTTP 500', retry_after);
  select d.leased_until - now() into pause from alert_deliveries as d;
end
$$;
select ok(
  (select leased_until - now() from alert_deliveries)
  between interval '5 s' and interval '6.25 s',
  'after a first it is 5 s, and some jitter'
);
select ok(
  f.pause between p.pause and p.pause * 1.25,
  format('after attempt %s it is %s', p.attempt, p.pause)
)
from (
  values
  (2, interval '30 s'), (3, '3 min'), (4, '15 min'), (5, '1 hour'), (6, '1 hour')
) as p (attempt, pause)
cross join lateral pg_temp.fail(p.pause * 0) as f;
select is(
  pg_temp.fail('5 hours'), interval '5 hours', 'where the receiver asks for longer, it is that'
);
update alert_deliveries set leased_until = now();
select is(
  finish_alert(c.delivery_id, c.attempt, 'failed', 'HTTP 503'), true, 'the eighth fails, too'
)
from claim_alerts('{mail}') as c;
select is(pg_temp.delivery(), 'dead 8 HTTP 503', 'and was the last');
select is((select status from alerts), 'dead', 'with which its alert is dead');
select is_empty($$select * from claim_alerts('{mail}')$$, 'and stays so');

-- The dead come back when they are told to, and have all their attempts again.
select is(retry_deliveries(), 1, 'one is made due again');
select is(
  (select status || ' ' || (due_at = now()) from alerts), 'pending true', 'and its alert with it'
);
select is(retry_deliveries(), 0, 'none is dead now');
select is(pg_temp.fail('5 hours'), interval '5 hours', 'attempt 9');
select ok(f.pause between p.pause and p.pause * 1.25, format('then it is %s', p.pause))
from (values (interval '30 s'), ('3 min')) as p (pause)
cross join lateral pg_temp.fail(p.pause * 0) as f;
update alert_deliveries set leased_until = now();
select is(finish_alert(c.delivery_id, c.attempt, 'gone', 'HTTP 410'), true, 'it is gone')
from claim_alerts('{mail}') as c;
select is(pg_temp.delivery(), 'dead 12 HTTP 410', 'which is dead at once');

-- A lapsed lease is a failed attempt.
truncate alerts, alert_deliveries;
select pg_temp.alert('mail', 'B0TEST0001');
select results_eq(
  $$select attempt from claim_alerts('{mail}')$$, array[1], 'somebody claims it and dies'
);
update alert_deliveries set leased_until = now();
select results_eq($$select attempt from claim_alerts('{mail}')$$, array[2], 'another gets it');
select is(finish_alert(id, 1, 'sent'), false, 'the first comes too late') from alert_deliveries;
select is(pg_temp.delivery(), 'sending 2 no answer within the lease', 'for it is another''s');
update alert_deliveries set attempts = 3, leased_until = now();
select is_empty($$select * from claim_alerts('{mail}')$$, 'a third attempt''s pause is longer');
update alert_deliveries set leased_until = now() - interval '1 min';
select results_eq($$select attempt from claim_alerts('{mail}')$$, array[4], 'than a lease');
update alert_deliveries set attempts = 8, leased_until = now() - interval '1 day';
select is_empty($$select * from claim_alerts('{mail}')$$, 'after eight');
select is(pg_temp.delivery(), 'dead 8 no answer within the lease', 'it is dead');

-- Digests: more than five on a channel.
truncate alerts, alert_deliveries;
select count(pg_temp.alert('mail', 'B0TEST' || i)) from generate_series(1, 5) as i;
select count(pg_temp.alert('chat', 'B0TEST' || i)) from generate_series(1, 12) as i;
update alerts set severity = 'critical' where rule = 'chat' and asin = 'B0TEST7';
select results_eq(
  $$
  select c.channel, c.payload ->> 'type', jsonb_array_length(c.payload #> '{data,alerts}'), c.title
  from claim_alerts('{mail,chat}', 3) as c
  $$,
  $$
  values ('mail', 'alert', 1, 'mail: B0TEST1'), ('mail', 'alert', 1, 'mail: B0TEST2'),
    ('mail', 'alert', 1, 'mail: B0TEST3')
  $$,
  'five are five, and no more are given than were asked for'
);
select results_eq(
  $$
  select c.channel, c.payload ->> 'type', jsonb_array_length(c.payload #> '{data,alerts}'), c.title,
    c.payload #>> '{data,alerts,0,asin}', split_part(c.body, e'\n', 11)
  from claim_alerts('{mail,chat}') as c
  where c.channel = 'chat'
  $$,
  $$values ('chat', 'digest', 12, '12 alerts: chat', 'B0TEST7', 'and 2 more')$$,
  'twelve are one, the gravest first'
);
select is(
  (select count(distinct delivery_id) from alerts), 6::bigint, 'each alert is in one delivery'
);

-- What ends before it is sent.
truncate alerts, alert_deliveries;
select pg_temp.alert(a.rule, a.asin, a.age)
from (
  values
  ('off', 'B0TEST0001', interval '0'),
  ('gone', 'B0TEST0002', '0'),
  ('mail', 'B0TEST0003', '6 hours'),
  ('chat', 'B0TEST0004', '6 hours'),
  ('mail', 'B0TEST0005', '5 hours 59 minutes'),
  ('gone', 'B0TEST0006', '-1 minute')
) as a (rule, asin, age);
select results_eq(
  $$select payload #>> '{data,alerts,0,asin}' from claim_alerts('{mail}')$$, array['B0TEST0005'],
  'what has a rule and is young enough'
);
select results_eq(
  'select status from alerts order by asin',
  array['cancelled', 'cancelled', 'expired', 'expired', 'pending', 'pending'],
  'all else that is due is cancelled or expired'
);
update alerts set due_at = due_at - interval '1 minute' where asin = 'B0TEST0005';
select is_empty($$select * from claim_alerts('{mail}')$$, 'while it is being sent it stays');
select is(finish_alert(id, 1, 'failed', 'HTTP 500'), true, 'and fails') from alert_deliveries;
select is_empty($$select * from claim_alerts('{mail}')$$, 'then it is too late');
select is(pg_temp.delivery(), 'dead 1 expired', 'its delivery has expired');
select is((select status from alerts where asin = 'B0TEST0005'), 'expired', 'and the alert');
select is(retry_deliveries(), 1, 'when it is revived');
select results_eq(
  $$select attempt from claim_alerts('{mail}')$$, array[2], 'it has six hours again'
);

-- Pruning takes what ended long ago, with its delivery.
truncate alerts, alert_deliveries;
select pg_temp.alert(a.rule, 'B0TEST0001', a.age)
from (
  values
  ('mail', interval '0'), ('mail', '0'), ('chat', '0'), ('off', '29 days'), ('off', '27 days')
) as a (rule, age);
select c.delivery_id, finish_alert(c.delivery_id, c.attempt, 'sent') as is_sent
from claim_alerts('{mail}') as c;
select c.delivery_id from claim_alerts('{chat}') as c;
update alerts set due_at = due_at - interval '29 days' where rule in ('mail', 'chat');
update alert_deliveries set created_at = created_at - interval '29 days';
update alert_deliveries set sent_at = now() - interval '29 days' where alert_ids = array[
  (select min(a.id) from alerts as a)
];
select is(prune_notifications('28 days'), 0::bigint, 'no notification is pruned');
select results_eq(
  'select rule, status from alerts order by id',
  $$values ('mail', 'sent'), ('chat', 'pending'), ('off', 'cancelled')$$,
  'but of the alerts those that ended long ago'
);
select results_eq(
  'select status from alert_deliveries order by id', array['sent', 'sending'],
  'and of the deliveries'
);

select * from finish();
rollback;
