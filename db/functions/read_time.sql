create or replace function read_time(value jsonb, path text)
returns timestamptz
language sql stable parallel safe
return case
  -- as Amazon writes it; a plain timestamp ignores the Z
  when value #>> '{}' ~ '^\d{4}-(0\d|1[0-2])-[0-3]\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$'
  then (value #>> '{}')::timestamp at time zone 'UTC'
  when value is not null then read_unusual_time(value, path)
end;

comment on function read_time(jsonb, text) is
'An ISO 8601 time, UTC where it has no offset; null where it is absent or null. path names the '
'member in an error. Raises OC004 where it is none, 22008 where the calendar has no such day, '
'OC003 where it is no string.';
