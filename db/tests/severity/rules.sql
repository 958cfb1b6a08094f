-- Thresholds are rows: another set by name, what counts as active, and no set at all. 'test' shares
-- no number with 'default', so a threshold taken from the wrong set fails a line below.
begin;
select plan(29);

insert into severity_rules (
  name, success_max_position, critical_gap_pct, critical_min_offers, critical_after_position,
  high_gap_pct, high_min_offers, warning_gap_pct, warning_min_offers
)
values ('test', 1, 32.5, 6, 5, 16, 4, 8, 2);

select is(
  calculate_severity(t.your_price, 100, t.your_position, t.total_offers, false, 'test'),
  t.severity,
  format('test: %s at %s of %s is %s', t.your_price, t.your_position, t.total_offers, t.severity)
)
from (
  values
  (200, 1, 30, 'success'),
  (200, 2, 30, 'high'),
  (132.49, 6, 6, 'high'),
  (132.5, 6, 6, 'critical'),
  (132.5, 6, 5, 'high'),
  (132.5, 5, 6, 'high'),
  (115.99, 2, 4, 'warning'),
  (116, 2, 4, 'high'),
  (116, 2, 3, 'warning'),
  (107.99, 2, 1, 'info'),
  (108, 2, 1, 'warning'),
  (100, 2, 1, 'info'),
  (100, 2, 2, 'warning')
) as t (your_price, your_position, total_offers, severity);

select is(
  calculate_severity(132.5, 100, 6, 6, false), 'high', 'without a name the active set decides'
);
select is(
  calculate_severity(132.5, 100, 6, 6, false, null), 'high', 'a null name is no name'
);
select is(
  calculate_severity(132.5, 100, 6, 6, false, 'default'), 'high', 'the active set has a name too'
);
select is(
  calculate_severity(
    your_price => 132.5, market_low => 100, your_position => 6, total_offers => 6,
    buy_box_winner => false, rules => 'test'
  ),
  'critical',
  'the arguments have the documented names'
);

select throws_ok(
  $$select calculate_severity(150, 100, 11, 10, false, 'nosuch')$$,
  'OC101', null, 'an unknown set is OC101'
);
select throws_like(
  $$select calculate_severity(150, 100, 11, 10, false, 'nosuch')$$,
  '%nosuch%', 'and the error names it'
);
select throws_ok(
  $$select calculate_severity(150, 100, 1, 10, true, 'nosuch')$$,
  'OC101', null, 'also where the buy box would have decided'
);
select throws_ok(
  $$select calculate_severity(150, 100, 11, 10, false, '')$$,
  'OC101', null, 'a blank name is unknown'
);

update severity_rules set active = false where name = 'default';
select throws_ok(
  $$select calculate_severity(150, 100, 11, 10, false)$$,
  'OC101', null, 'no active set is OC101'
);
update severity_rules set active = true where name = 'test';

select is(
  calculate_severity(t.your_price, 100, t.your_position, t.total_offers, false),
  t.severity,
  format(
    'test active: %s at %s of %s is %s',
    t.your_price, t.your_position, t.total_offers, t.severity
  )
)
from (
  values
  (132.49, 6, 6, 'high'),
  (132.5, 6, 6, 'critical'),
  (116, 2, 4, 'high'),
  (116, 2, 3, 'warning'),
  (100, 2, 2, 'warning')
) as t (your_price, your_position, total_offers, severity);

select is(
  calculate_severity(149.99, 100, 11, 10, false, 'default'), 'high',
  'the set that was active still has its numbers'
);
select is(
  calculate_severity(150, 100, 11, 10, false, 'default'), 'critical',
  'and can be asked for by name'
);

select * from finish();
rollback;
