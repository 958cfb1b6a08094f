-- What Amazon writes, on days that every month has, is read here; the rest is looked at more
-- closely. A plain timestamp ignores the Z. Stable because that cast is, and inlining asks for it:
-- under this pattern no setting matters.
create or replace function read_time(value jsonb, path text)
returns timestamptz
language sql stable parallel safe
return case
  when value #>> '{}' ~ (
    '^[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T'
    '([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$'
  ) then (value #>> '{}')::timestamp at time zone 'UTC'
  when value is not null then read_unusual_time(value, path)
end;

comment on function read_time(jsonb, text) is
'An ISO 8601 time, UTC where it has no offset; null where it is absent or null. path names the '
'member in an error. Raises OC004 where it is none, OC003 where it is no string.';
