-- The pattern is what makes it independent of the session: it leaves nothing to DateStyle, and
-- words such as 'yesterday' or 'infinity', which timestamptz would read, do not get through.
create or replace function read_unusual_time(value jsonb, path text)
returns timestamptz
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
set standard_conforming_strings = 'on'
as $$
declare
  parts constant text[] := regexp_match(
    value #>> '{}',
    -- 2026-01-31 or 20260131, 09:30:00 or 093000, +01:00 or +0100, but not half and half
    '^([1-9]\d{3})(-?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])'
    '([T ](([01]\d|2[0-3])(:?)[0-5]\d(\8([0-5]\d|60)([.,]\d+)?)?|24(:?)00(\12(00)([.]0+)?)?)'
    '(Z|[+-](0\d|1[0-5])(:?[0-5]\d)?)?)?$',
    'i'
  );
  days_in_month integer;
begin
  if jsonb_typeof(value) <> 'string' then
    return null_or_invalid(value, path, 'a time as a string')::timestamptz;
  end if;
  days_in_month := extract(
    day from make_date(parts[1]::integer, parts[3]::integer, 1) + interval '1 month - 1 day'
  )::integer;
  if parts[4]::integer <= days_in_month then
    return replace(value #>> '{}', ',', '.')::timestamptz;
  end if;
  return null_or_invalid(
    value, path, 'an ISO 8601 time such as 2026-01-31T09:30:00Z', 'OC004'
  )::timestamptz;
end
$$;

comment on function read_unusual_time(jsonb, text) is
'A time that is not written as Amazon writes it: see read_time(). In UTC where it has no offset.';
