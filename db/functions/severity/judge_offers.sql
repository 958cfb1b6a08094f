-- The original worker's rule with its thresholds as columns. In the original a missing own offer
-- was a success (null <= 3 holds in JavaScript); here nothing known about the own offer is 'info'.
create or replace function judge_offers(
  rules severity_rules,
  your_price numeric,
  market_low numeric,
  your_position integer,
  total_offers integer,
  buy_box_winner boolean
)
returns severity_verdict
language sql immutable parallel safe
return case
  when buy_box_winner then row('success', 'you hold the buy box')::severity_verdict
  when your_position <= (rules).success_max_position
    then row('success', 'your_position <= success_max_position')::severity_verdict
  when coalesce(your_price, 0) = 0 or coalesce(market_low, 0) = 0
    then row('info', 'no own price or no market price')::severity_verdict
  when price_gap(your_price, market_low) >= (rules).critical_gap_pct
    and total_offers >= (rules).critical_min_offers
    and your_position > (rules).critical_after_position
    then row(
      'critical',
      'gap >= critical_gap_pct and total_offers >= critical_min_offers '
      'and your_position > critical_after_position'
    )::severity_verdict
  when price_gap(your_price, market_low) >= (rules).high_gap_pct
    and total_offers >= (rules).high_min_offers
    then row('high', 'gap >= high_gap_pct and total_offers >= high_min_offers')::severity_verdict
  when price_gap(your_price, market_low) >= (rules).warning_gap_pct
    or total_offers >= (rules).warning_min_offers
    then row(
      'warning', 'gap >= warning_gap_pct or total_offers >= warning_min_offers'
    )::severity_verdict
  else row('info', 'no other rule applies')::severity_verdict
end;

comment on function judge_offers(severity_rules, numeric, numeric, integer, integer, boolean) is
'How severe an item''s offers are for the seller under one rule set (success, info, warning, high '
'or critical), and by which rule. Prices are landed and in one currency, not rounded; any argument '
'may be null. Never raises.';
