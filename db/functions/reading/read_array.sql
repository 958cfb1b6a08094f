create or replace function read_array(value jsonb, path text)
returns jsonb
language sql immutable parallel safe
return case
  when jsonb_typeof(value) = 'array' then value
  when value is not null then null_or_invalid(value, path, 'an array')::jsonb
end;

comment on function read_array(jsonb, text) is
'A JSON array; null where it is absent or null. path names the member in an error. Raises OC003 '
'for any other JSON type.';
