create or replace function queue_item_days()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into item_days_queue (notification_id, event_time)
  select a.id, least(a.event_time, a.received_at)
  from arrived as a
  where has_state(a.notification_type);
  return null;
end
$$;

comment on function queue_item_days() is
'Trigger of worker_notifications: notes for roll_up_days() which notifications were stored, in the '
'transaction that stores them.';
