create or replace function market_low_note(your_price numeric, market_low numeric)
returns text
language sql immutable parallel safe
return case
  when your_price > market_low
    then 'you are ' || round(price_gap(your_price, market_low)) || ' % above'
end;

comment on function market_low_note(numeric, numeric) is
'How far your price lies above the market''s lowest, in words; null where it does not.';
