create or replace function read_object(value jsonb, path text)
returns jsonb
language sql immutable parallel safe
return case
  when jsonb_typeof(value) = 'object' then value
  when value is not null then null_or_invalid(value, path, 'an object')::jsonb
end;

comment on function read_object(jsonb, text) is
'A JSON object; null where it is absent or null. path names the member in an error. Raises OC003 '
'for any other JSON type.';
