create or replace function utc_day(at timestamptz)
returns date
language sql immutable parallel safe
return (utc_day.at at time zone 'UTC')::date;

comment on function utc_day(timestamptz) is
'The UTC day of a moment, whatever the session''s TimeZone.';
