create or replace function amount_of(value amazon_amount)
returns numeric
language sql immutable parallel safe
return value::numeric;

comment on function amount_of(amazon_amount) is
'The number, exact.';
