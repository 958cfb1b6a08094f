-- read_amount()'s slow branch. Some producers send amounts as strings; the pattern keeps out what
-- numeric would read besides: NaN, infinity, signs, blanks, hexadecimal.
create or replace function read_unusual_amount(value jsonb, path text)
returns numeric
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if value #>> '{}' ~ '^[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,4})?$' then
    return (value #>> '{}')::numeric;
  elsif jsonb_typeof(value) in ('string', 'number') then
    return null_or_invalid(value, path, 'a decimal number of zero or more', 'OC005')::numeric;
  end if;
  return null_or_invalid(value, path, 'a number')::numeric;
end
$$;

comment on function read_unusual_amount(jsonb, text) is
'An amount that is no JSON number of zero or more: see read_amount().';
