create or replace function effective_time(event_time timestamptz, received_at timestamptz)
returns timestamptz
language sql immutable parallel safe
return least(event_time, received_at);

comment on function effective_time(timestamptz, timestamptz) is
'The time that orders events: the event''s own, but never after the notification was received, so '
'that a clock that runs ahead cannot freeze an item; received_at where the event has none.';
