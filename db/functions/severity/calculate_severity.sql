create or replace function calculate_severity(
  your_price numeric,
  market_low numeric,
  your_position integer,
  total_offers integer,
  buy_box_winner boolean,
  rules text default null
)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (
    judge_offers(
      find_rules(rules), your_price, market_low, your_position, total_offers, buy_box_winner
    )
  ).severity;
end
$$;

comment on function calculate_severity(numeric, numeric, integer, integer, boolean, text) is
'How severe an item''s offers are: success, info, warning, high or critical, by the active '
'severity_rules, or by the set that rules names. Prices are landed and in one currency; any '
'argument may be null (an unknown price gives info). Raises OC101 for an unknown set. '
'Example: select calculate_severity(24.99, 15.09, 14, 28, false)';
