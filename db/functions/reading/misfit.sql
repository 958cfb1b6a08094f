-- Called after a reading failed, so it may take its time; but a megabyte of offers must not take
-- minutes: an array is halved until the element is found.
create or replace function misfit(value jsonb, shape regtype, path text)
returns text
language plpgsql stable parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  expected text := obj_description(shape, 'pg_type');
  relation oid;
  element regtype;
  member record;
  first integer := 0;
  last integer;
  middle integer;
begin
  if fits(value, shape) then
    return null;
  end if;
  select t.typrelid, t.typelem::regtype into relation, element from pg_type as t where t.oid = shape;

  if element <> 0::regtype then
    expected := 'an array';
    if jsonb_typeof(value) = 'array' then
      last := jsonb_array_length(value) - 1;
      while first < last loop
        middle := (first + last) / 2;
        if fits(
          jsonb_path_query_array(value, format('$[%s to %s]', first, middle)::jsonpath), shape
        ) then
          first := middle + 1;
        else
          last := middle;
        end if;
      end loop;
      return misfit(value -> first, element, format('%s[%s]', path, first));
    end if;
  elsif relation <> 0 then
    expected := 'an object';
    if jsonb_typeof(value) = 'object' then
      for member in
        select a.attname as name, a.atttypid::regtype as shape
        from pg_attribute as a
        where a.attrelid = relation and not fits(value -> a.attname, a.atttypid)
        order by a.attnum
        limit 1
      loop
        return misfit(value -> member.name, member.shape, concat_ws('.', path, member.name));
      end loop;
    end if;
  end if;
  return format(
    '%s is %s, not %s', coalesce(path, 'the notification'), left(value::text, 60), expected
  );
end
$$;

comment on function misfit(jsonb, regtype, text) is
'The first member of a JSON value that does not fit its place in a type: its path (path is the '
'value''s own, null at the top), the value cut short, and what the type''s comment says was '
'expected. Null where all fits.';
