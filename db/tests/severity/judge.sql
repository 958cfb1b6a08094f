-- The severity and the rule that decided it, at each boundary; which rules apply hangs on the type.
begin;
select plan(24);

create function pg_temp.verdict(said jsonb)
returns text
language sql
as $$
  select concat_ws(': ', v.severity, v.reason)
  from find_rules() as r
  cross join lateral judge(r, jsonb_populate_record(null::notification_analysis, said)) as v
$$;

-- The active rules are the original's numbers; the market's lowest price is 100.
select is(
  pg_temp.verdict(jsonb_build_object(
    'notification_type', 'ANY_OFFER_CHANGED', 'market_low', 100, 'your_price', t.your_price,
    'your_position', t.your_position, 'total_offers', t.total_offers,
    'buy_box_winner', t.buy_box_winner
  )),
  t.verdict,
  format('%s at %s of %s', t.your_price, t.your_position, t.total_offers)
)
from (
  values
  (200, 20, 30, true, 'success: you hold the buy box'),
  (200, 3, 30, false, 'success: your_position <= success_max_position'),
  (null, null, 30, false, 'info: no own price or no market price'),
  (0, 4, 30, false, 'info: no own price or no market price'),
  (
    150, 11, 10, false,
    'critical: gap >= critical_gap_pct and total_offers >= critical_min_offers'
    ' and your_position > critical_after_position'
  ),
  (149.999, 11, 10, false, 'high: gap >= high_gap_pct and total_offers >= high_min_offers'),
  (150, 10, 10, false, 'high: gap >= high_gap_pct and total_offers >= high_min_offers'),
  (150, 11, 9, false, 'high: gap >= high_gap_pct and total_offers >= high_min_offers'),
  (120, 4, 5, false, 'high: gap >= high_gap_pct and total_offers >= high_min_offers'),
  (119.999, 4, 5, false, 'warning: gap >= warning_gap_pct or total_offers >= warning_min_offers'),
  (120, 4, 4, false, 'warning: gap >= warning_gap_pct or total_offers >= warning_min_offers'),
  (110, 4, 2, false, 'warning: gap >= warning_gap_pct or total_offers >= warning_min_offers'),
  (100, 4, 3, false, 'warning: gap >= warning_gap_pct or total_offers >= warning_min_offers'),
  (109.999, 4, 2, false, 'info: no other rule applies')
) as t (your_price, your_position, total_offers, buy_box_winner, verdict);

select is(
  pg_temp.verdict(jsonb_build_object(
    'notification_type', 'PRICING_HEALTH', 'your_price', t.your_price,
    'reference_price', t.reference_price,
    -- of no account here
    'market_low', 1, 'buy_box_winner', true, 'your_position', 1
  )),
  t.verdict,
  format('a pricing issue at %s against %s', t.your_price, t.reference_price)
)
from (
  values
  (150, 100, 'critical: Amazon reports a pricing issue, and gap >= critical_gap_pct'),
  (149.999, 100, 'high: Amazon reports a pricing issue'),
  (90, 100, 'high: Amazon reports a pricing issue'),
  (null, 100, 'high: Amazon reports a pricing issue'),
  (150, null, 'high: Amazon reports a pricing issue'),
  (150, 0, 'high: Amazon reports a pricing issue')
) as t (your_price, reference_price, verdict);

select is(
  pg_temp.verdict('{"notification_type": "ORDER_CHANGE", "your_price": 200, "market_low": 100}'),
  'info: ORDER_CHANGE does not affect current_state',
  'any other type'
);

-- One rule, one place.
select is_empty(
  $$
  select g.gap, p.position, o.offers
  from generate_series(100, 150, 10) as g (gap)
  cross join generate_series(3, 12) as p (position)
  cross join generate_series(0, 12) as o (offers)
  cross join find_rules() as r
  where calculate_severity(g.gap, 100, p.position, o.offers, false)
    is distinct from (judge_offers(r, g.gap, 100, p.position, o.offers, false)).severity
  $$,
  'calculate_severity says the same'
);

update severity_rules set
  critical_gap_pct = 40,
  success_max_position = 1
where active;
select is(
  pg_temp.verdict('{
    "notification_type": "PRICING_HEALTH", "your_price": 140, "reference_price": 100
  }'),
  'critical: Amazon reports a pricing issue, and gap >= critical_gap_pct',
  'the thresholds are the rules'' for an issue'
);
select is(
  pg_temp.verdict('{
    "notification_type": "ANY_OFFER_CHANGED", "your_price": 140, "market_low": 100,
    "your_position": 2, "total_offers": 2
  }'),
  'warning: gap >= warning_gap_pct or total_offers >= warning_min_offers',
  'and for offers'
);

select * from finish();
rollback;
