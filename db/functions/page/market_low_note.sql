create or replace function market_low_note(your_price numeric, market_low numeric)
returns text
language sql immutable parallel safe
return case
  when your_price > market_low
    then 'you +' || round(price_gap(your_price, market_low)) || ' %'
end;

comment on function market_low_note(numeric, numeric) is
'How far your price lies above the market''s lowest, as you +20 %; null where it does not.';
