create or replace function read_member(parent jsonb, name text, path text)
returns jsonb
language sql immutable parallel safe
return case
  when jsonb_typeof(parent) = 'object' then member(parent, name)
  when parent is not null then null_or_invalid(parent, path, 'an object')::jsonb
end;

comment on function read_member(jsonb, text, text) is
'member() of something that must be an object; null where that is absent or null. path names the '
'parent in an error. Raises OC003 where the parent is of any other JSON type.';
