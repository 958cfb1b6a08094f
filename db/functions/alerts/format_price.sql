create or replace function format_price(price numeric, currency text)
returns text
language sql immutable parallel safe
return price || coalesce(' ' || currency, '');

comment on function format_price(numeric, text) is
'A price to read: 12.50 GBP; without the currency where that is null, null where price is.';
