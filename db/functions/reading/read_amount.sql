create or replace function read_amount(value jsonb, path text)
returns numeric
language sql immutable parallel safe
return case
  when jsonb_typeof(value) = 'number' and value::numeric >= 0 then value::numeric
  when value is not null then read_unusual_amount(value, path)
end;

comment on function read_amount(jsonb, text) is
'A price, a count or points: a JSON number, or a string of digits with optional fraction and '
'exponent. Null where it is absent or null. path names the member in an error. Raises OC005 where '
'it is negative or no decimal number, OC003 for any other JSON type, 22003 where it is beyond '
'numeric.';
