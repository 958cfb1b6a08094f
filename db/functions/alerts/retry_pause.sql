create or replace function retry_pause(tries integer)
returns interval
language sql immutable parallel safe
return coalesce((array['5 s', '30 s', '3 min', '15 min']::interval[])[tries], interval '1 hour');

comment on function retry_pause(integer) is
'How long a delivery waits after so many failed attempts: 5 s, 30 s, 3 min, 15 min, then an hour.';
