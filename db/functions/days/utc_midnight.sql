create or replace function utc_midnight(day date)
returns timestamptz
language sql immutable parallel safe
return day::timestamp at time zone 'UTC';

comment on function utc_midnight(date) is
'The moment at which a UTC day begins, whatever the session''s TimeZone.';
