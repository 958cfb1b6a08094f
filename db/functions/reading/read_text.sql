-- Inlined, as its like are, so that each use of an argument is a copy of it: what is called for
-- every message hands over a variable and not a member() of something.
create or replace function read_text(value jsonb, path text)
returns text
language sql immutable parallel safe
return case
  when jsonb_typeof(value) = 'string' then nullif(btrim(value #>> '{}'), '')
  when value is not null then null_or_invalid(value, path, 'a string')
end;

comment on function read_text(jsonb, text) is
'A JSON string as trimmed text; null where it is absent, null or blank (Amazon writes "" for what '
'it does not know). path names the member in an error. Raises OC003 for any other JSON type.';
