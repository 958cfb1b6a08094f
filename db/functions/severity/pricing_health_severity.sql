create or replace function pricing_health_severity(
  rule severity_rules, your_price numeric, market_low numeric
)
returns text
language sql immutable parallel safe
return case
  when price_gap(your_price, market_low) >= (rule).critical_gap_pct then 'critical'
  else 'high'
end;

comment on function pricing_health_severity(severity_rules, numeric, numeric) is
'How severe a PRICING_HEALTH notification is under one rule set: high, and critical where the own '
'landed price lies at least critical_gap_pct above the reference price (market_low). Prices in '
'one currency, either may be null. Never raises.';
