-- The whole rule under the original's thresholds: below, at and above each of them, and every
-- argument unknown. The market's lowest price is mostly 100, so that your price reads as 100 + gap.
begin;
select plan(70);

select is(
  calculate_severity(t.your_price, t.market_low, t.your_position, t.total_offers, t.buy_box_winner),
  t.severity,
  concat_ws(
    ' ', coalesce(t.your_price::text, '-'), 'against', coalesce(t.market_low::text, '-'),
    'at', coalesce(t.your_position::text, '-'), 'of', coalesce(t.total_offers::text, '-'),
    case t.buy_box_winner when true then 'with the buy box' when false then 'without' else '-' end,
    'is', t.severity
  )
)
from (
  values
  -- 1. success: the buy box, whatever else
  (200, 100, 20, 30, true, 'success'),
  (200, 100, null, 30, true, 'success'),
  (null, 100, 20, 30, true, 'success'),
  (0, 100, 20, 30, true, 'success'),
  (200, null, 20, 30, true, 'success'),
  (200, 0, 20, 30, true, 'success'),
  (200, 100, 20, null, true, 'success'),
  (null, null, null, null, true, 'success'),

  -- 1. success: the position, whatever else
  (200, 100, 1, 30, false, 'success'),
  (200, 100, 2, 30, false, 'success'),
  (200, 100, 3, 30, false, 'success'),
  (200, 100, 4, 30, false, 'high'),
  (200, 100, 3, 30, null, 'success'),
  (null, 100, 3, 30, false, 'success'),
  (0, 100, 3, 30, false, 'success'),
  (200, null, 3, 30, false, 'success'),
  (200, 0, 3, 30, false, 'success'),
  (200, 100, 3, null, false, 'success'),
  (null, null, 3, null, null, 'success'),

  -- 2. info: a price is unknown
  (null, 100, 20, 30, false, 'info'),
  (0, 100, 20, 30, false, 'info'),
  (200, null, 20, 30, false, 'info'),
  (200, 0, 20, 30, false, 'info'),
  (0, 0, 20, 30, false, 'info'),
  (null, 100, null, 30, false, 'info'),
  (null, null, null, null, false, 'info'),
  (null, null, null, null, null, 'info'),
  (null, 100, null, 0, null, 'info'),

  -- 3. critical: the gap
  (149.99, 100, 11, 10, false, 'high'),
  (150, 100, 11, 10, false, 'critical'),
  (150.01, 100, 11, 10, false, 'critical'),
  (4.5, 3, 11, 10, false, 'critical'),
  (4.499999999999, 3, 11, 10, false, 'high'),
  -- 3. critical: the offers
  (150, 100, 11, 9, false, 'high'),
  (150, 100, 11, 11, false, 'critical'),
  (150, 100, 11, null, false, 'warning'),
  -- 3. critical: the position
  (150, 100, 10, 10, false, 'high'),
  (150, 100, 12, 10, false, 'critical'),
  (150, 100, null, 10, false, 'high'),
  (150, 100, 11, 10, null, 'critical'),

  -- 4. high: the gap
  (119.99, 100, 4, 5, false, 'warning'),
  (120, 100, 4, 5, false, 'high'),
  (120.01, 100, 4, 5, false, 'high'),
  (3.6, 3, 4, 5, false, 'high'),
  (3.599999999999, 3, 4, 5, false, 'warning'),
  -- 4. high: the offers
  (120, 100, 4, 4, false, 'warning'),
  (120, 100, 4, 6, false, 'high'),
  (120, 100, 4, null, false, 'warning'),
  -- 4. high: not the position
  (120, 100, 11, 5, false, 'high'),
  (120, 100, null, 5, false, 'high'),
  (120, 100, 4, 5, null, 'high'),

  -- 5. warning: the gap alone
  (109.99, 100, 4, 2, false, 'info'),
  (110, 100, 4, 2, false, 'warning'),
  (110.01, 100, 4, 2, false, 'warning'),
  (109.99, 100, 4, null, false, 'info'),
  (110, 100, 4, null, false, 'warning'),
  (110, 100, null, 0, false, 'warning'),
  (500, 100, 20, 2, false, 'warning'),
  -- 5. warning: the offers alone
  (100, 100, 4, 2, false, 'info'),
  (100, 100, 4, 3, false, 'warning'),
  (100, 100, 4, 4, false, 'warning'),
  (100, 100, null, 3, null, 'warning'),
  (100, 100, 11, 30, false, 'warning'),

  -- 6. info
  (100, 100, 4, 1, false, 'info'),
  (100, 100, 4, 0, false, 'info'),
  (100, 100, 4, null, false, 'info'),
  (100, 100, null, null, null, 'info'),
  (90, 100, 4, 2, false, 'info'),
  (90, 100, 4, 3, false, 'warning'),
  (0.01, 0.01, 4, 2, false, 'info')
) as t (your_price, market_low, your_position, total_offers, buy_box_winner, severity);

select * from finish();
rollback;
