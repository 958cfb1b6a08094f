create or replace function moment(
  event_time timestamptz, received_at timestamptz, dedupe_hash text
)
returns event_moment
language sql immutable parallel safe
return row(least(event_time, received_at), dedupe_hash)::event_moment;

comment on function moment(timestamptz, timestamptz, text) is
'Where an event stands among the events of its kind and item: by its own time, but never after it '
'was received, so that a clock that runs ahead cannot freeze an item; received_at where it has '
'none; at equal times by the message''s hash, so that the order of arrival never matters.';
