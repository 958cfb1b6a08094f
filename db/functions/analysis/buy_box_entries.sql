create or replace function buy_box_entries(
  summary amazon_summary, marketplace text, item_condition text
)
returns table (entries bigint, price numeric)
language sql stable parallel safe
rows 1
begin atomic
  select
    count(*) as entries,
    min(price_of(b, marketplace)) as price
  from unnest(summary."BuyBoxPrices") as b
  where lower(text_of(b."Condition") collate "C") = item_condition;
end;

comment on function buy_box_entries(amazon_summary, text, text) is
'How many buy box prices for that condition (lower case) a notification''s Summary has, and the '
'lowest, landed, in its currency.';
