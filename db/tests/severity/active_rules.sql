-- Exactly one set is active, at every commit; and no set may be nonsense.
begin;
select plan(30);

create function pg_temp.expected_rows(query text)
returns integer
language plpgsql
as $$
declare
  plan json;
begin
  execute 'explain (format json) ' || query into plan;
  return plan -> 0 -> 'Plan' ->> 'Plan Rows';
end
$$;
select is(
  pg_temp.expected_rows('select from in_force()'), 1,
  'the planner knows it, or it would compile whatever asks for the rules (jit_above_cost)'
);

select throws_ok(
  $$insert into severity_rules (name, active) values ('second', true)$$,
  '23505', null, 'two active sets are refused'
);
select throws_ok(
  $$
  insert into severity_rules (name) values ('second');
  update severity_rules set active = true where name = 'second'
  $$,
  '23505', null, 'also by an update'
);
select throws_ok(
  'update severity_rules set active = false; set constraints all immediate',
  'OC101', null, 'no active set is refused at commit'
);
select throws_ok(
  'delete from severity_rules; set constraints all immediate',
  'OC101', null, 'also by a delete'
);
select lives_ok(
  $$
  insert into severity_rules (name) values ('second');
  update severity_rules set active = false where name = 'default';
  update severity_rules set active = true where name = 'second';
  set constraints all immediate
  $$,
  'within a transaction the active set can change'
);
select results_eq(
  'select name from severity_rules where active', array['second'], 'and is the new one'
);
select lives_ok(
  $$
  delete from severity_rules where name = 'default';
  set constraints all immediate
  $$,
  'a set that is not active can go'
);

select results_eq(
  $$
  select
    s.success_max_position, s.critical_gap_pct, s.critical_min_offers, s.critical_after_position,
    s.high_gap_pct, s.high_min_offers, s.warning_gap_pct, s.warning_min_offers
  from severity_rules as s
  where s.name = 'second'
  $$,
  $$values (3, 50::numeric, 10, 10, 20::numeric, 5, 10::numeric, 3)$$,
  'a new set begins with the original''s numbers'
);

select throws_ok(
  format('update severity_rules set %s = %s', t.threshold, t.value),
  t.code, null, format('%s cannot be %s', t.threshold, t.value)
)
from (
  values
  ('success_max_position', '0', '23514'),
  ('critical_gap_pct', '0', '23514'),
  ('critical_min_offers', '0', '23514'),
  ('critical_after_position', '-1', '23514'),
  ('high_gap_pct', '-20', '23514'),
  ('high_min_offers', '0', '23514'),
  ('warning_gap_pct', '0', '23514'),
  ('warning_min_offers', '-1', '23514'),
  ('critical_gap_pct', '''NaN''', '23514'),
  ('critical_gap_pct', '''infinity''', '23514'),
  ('high_gap_pct', '51', '23514'),
  ('warning_gap_pct', '21', '23514'),
  ('name', '''''', '23514'),
  ('name', '''  ''', '23514'),
  ('name', 'null', '23502'),
  ('active', 'null', '23502'),
  ('success_max_position', 'null', '23502'),
  ('critical_gap_pct', 'null', '23502'),
  ('high_min_offers', 'null', '23502')
) as t (threshold, value, code);

select lives_ok(
  'update severity_rules set critical_gap_pct = 12.5, high_gap_pct = 12.5, warning_gap_pct = 0.5',
  'gaps may be level and have fractions'
);
select throws_ok(
  $$insert into severity_rules (name) values ('second')$$, '23505', null, 'a name is taken once'
);

select * from finish();
rollback;
