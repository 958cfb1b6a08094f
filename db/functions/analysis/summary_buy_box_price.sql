create or replace function summary_buy_box_price(
  summary jsonb, marketplace text, item_condition text
)
returns numeric
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  value jsonb := member(summary, 'BuyBoxPrices');
  prices constant jsonb := read_array(value, 'Summary.BuyBoxPrices');
  entry jsonb;
  lowest numeric;
begin
  for i in 0 .. coalesce(jsonb_array_length(prices), 0) - 1 loop
    entry := read_object(prices -> i, 'BuyBoxPrices[]');
    value := member(entry, 'Condition');
    continue when item_condition is distinct from lower(read_text(value, 'BuyBoxPrices[].Condition'));
    lowest := least(lowest, read_landed_price(entry, marketplace));
  end loop;
  return lowest;
end
$$;

comment on function summary_buy_box_price(jsonb, text, text) is
'The landed price of the buy box for that condition (lower case) by a notification''s Summary, in '
'its currency; null where the summary has none. Raises OC003 and OC005 as the readers do.';
