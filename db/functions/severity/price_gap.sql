create or replace function price_gap(your_price numeric, market_low numeric)
returns numeric
language sql immutable parallel safe
return (your_price - market_low) / nullif(market_low, 0) * 100;

comment on function price_gap(numeric, numeric) is
'How far your landed price lies above the market''s lowest, in percent of the latter. Null where '
'either is unknown or the market''s is 0.';
