-- read_time()'s slow branch. The pattern is what makes it independent of the session: it leaves
-- nothing to DateStyle, and words such as 'yesterday' or 'infinity', which timestamptz would read,
-- do not get through.
create or replace function read_unusual_time(value jsonb, path text)
returns timestamptz
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
begin
  if jsonb_typeof(value) <> 'string' then
    return null_or_invalid(value, path, 'a time as a string')::timestamptz;
  elsif value #>> '{}' !~* (
    '^\d{4}-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])'
    '([T ]([01]\d|2[0-4]):?[0-5]\d(:?([0-5]\d|60)([.]\d+)?)?(Z|[+-]([01]\d)(:?[0-5]\d)?)?)?$'
  ) then
    return null_or_invalid(
      value, path, 'an ISO 8601 time such as 2026-01-31T09:30:00Z', 'OC004'
    )::timestamptz;
  end if;
  return (value #>> '{}')::timestamptz;
end
$$;

comment on function read_unusual_time(jsonb, text) is
'A time that is not written as Amazon writes it: see read_time(). In UTC where it has no offset.';
