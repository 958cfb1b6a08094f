create or replace function read_boolean(value jsonb, path text)
returns boolean
language sql immutable parallel safe
return case
  when jsonb_typeof(value) = 'boolean' then value::boolean
  when value is not null then null_or_invalid(value, path, 'true or false')::boolean
end;

comment on function read_boolean(jsonb, text) is
'A JSON boolean; null where it is absent or null. path names the member in an error. Raises OC003 '
'for any other JSON type.';
