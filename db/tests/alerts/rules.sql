-- No rule that gets in can make a message fail, and none that is meant is kept out.
begin;
select plan(34);

select results_eq(
  'select name, active, kind, min_severity, hold, cooldown, channel from alert_rules order by name',
  $$
  values
  ('buy box lost', true, 'buy_box_lost', 'high', interval '5 minutes', interval '1 hour', 'default'),
  ('critical', true, 'severity_raised', 'critical', interval '0', interval '1 hour', 'default'),
  ('pricing issue', true, 'pricing_issue', 'high', interval '0', interval '1 hour', 'default')
  $$,
  'three rules come with the tables'
);

select lives_ok(
  format('insert into alert_rules (name, kind) values (%1$L, %1$L)', k.kind), 'a kind: ' || k.kind
)
from (
  values
  ('severity_raised'), ('severity_cleared'), ('buy_box_lost'), ('buy_box_won'),
  ('buy_box_suppressed'), ('undercut'), ('own_offer_missing'), ('pricing_issue')
) as k (kind);

select throws_ok(
  format('update alert_rules set %s = %s where name = ''critical''', t.of_column, t.value),
  t.code, null, format('%s cannot be %s', t.of_column, t.value)
)
from (
  values
  ('name', '''  ''', '23514'),
  ('name', 'repeat(''x'', 101)', '23514'),
  ('kind', '''Undercut''', '23514'),
  ('kind', 'null', '23502'),
  ('active', 'null', '23502'),
  ('min_severity', '''grave''', '23514'),
  ('min_severity', 'null', '23502'),
  ('channel', '''''', '23514'),
  ('channel', '''two words''', '23514'),
  ('channel', 'null', '23502'),
  ('hold', '''-1 second''', '23514'),
  ('hold', '''30 days 1 second''', '23514'),
  ('hold', 'null', '23502'),
  ('cooldown', '''-1 second''', '23514'),
  ('cooldown', '''31 days''', '23514'),
  ('cooldown', 'null', '23502'),
  -- These are within the limits as a whole, and out of range when added to a time.
  ('hold', '''3600000 months -106000000 days -48000000 hours''', '23514'),
  ('hold', '''-2000000 days 48000024 hours''', '23514'),
  ('cooldown', '''-3600000 months 106000000 days 48000000 hours''', '23514')
) as t (of_column, value, code);

select lives_ok(
  format('update alert_rules set %s where name = ''critical''', s.assignment), s.assignment
)
from (
  values
  ('hold = ''30 days'', cooldown = ''0'''),
  ('hold = ''720 hours'', cooldown = ''1 month'''),
  ('hold = ''0'', cooldown = ''30 days'''),
  ('channel = ''team_2'''),
  ('name = repeat(''ä'', 100)')
) as s (assignment);

select throws_ok(
  'update alerts set status = ''new''; insert into alerts
    (rule, kind, asin, marketplace, item_condition, headline, details, status)
    values (''r'', ''undercut'', ''a'', ''m'', ''new'', ''h'', ''{}'', ''new'')',
  '23514', null, 'the states of an alert are a closed set'
);

select * from finish();
rollback;
