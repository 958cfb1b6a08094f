create or replace function item_orders()
returns jsonb
language sql immutable parallel safe
return jsonb_build_object(
  'severity', '-urgency(c.severity, c.your_price, c.market_low)',
  'asin', 'c.asin collate "C"',
  'your_price', 'c.your_price',
  'market_low', 'c.market_low',
  'buy_box_price', 'c.buy_box_price',
  'your_position', 'c.your_position',
  'sales_rank', 'c.sales_rank',
  'updated', 'greatest(c.event_time, c.pricing_issue_time)'
);

comment on function item_orders() is
'By what page_items() can sort: each column with its expression over current_state as c.';
