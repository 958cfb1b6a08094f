-- The original worker's rule with its thresholds as columns. In the original a missing own offer
-- was a success (null <= 3 holds in JavaScript); here nothing known about the own offer is 'info'.
create or replace function severity_by(
  rule severity_rules,
  your_price numeric,
  market_low numeric,
  your_position integer,
  total_offers integer,
  buy_box_winner boolean
)
returns text
language sql immutable parallel safe
return case
  when buy_box_winner or your_position <= (rule).success_max_position then 'success'
  when coalesce(your_price, 0) = 0 or coalesce(market_low, 0) = 0 then 'info'
  when price_gap(your_price, market_low) >= (rule).critical_gap_pct
    and total_offers >= (rule).critical_min_offers
    and your_position > (rule).critical_after_position then 'critical'
  when price_gap(your_price, market_low) >= (rule).high_gap_pct
    and total_offers >= (rule).high_min_offers then 'high'
  when price_gap(your_price, market_low) >= (rule).warning_gap_pct
    or total_offers >= (rule).warning_min_offers then 'warning'
  else 'info'
end;

comment on function severity_by(severity_rules, numeric, numeric, integer, integer, boolean) is
'How severe an item''s offers are for the seller under one rule set: success, info, warning, high '
'or critical. Prices are landed and in one currency, not rounded; any argument may be null. Never '
'raises.';
