create or replace function store(batch incoming[], notifications jsonb[])
returns text[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into worker_notifications (
    id, message_id, dedupe_hash, asin, marketplace, item_condition, raw_notification,
    notification_type, amazon_notification_id, event_time, publish_time, severity, status,
    received_at, processed_at, trace_id, worker_id
  )
  select
    m.notification_id,
    m.message_id,
    m.dedupe_hash,
    m.asin,
    m.marketplace,
    (m.analysis).item_condition,
    notifications[m.position],
    (m.analysis).notification_type,
    (m.analysis).amazon_notification_id,
    coalesce((m.analysis).event_time, m.failing_since, now()),
    (m.analysis).publish_time,
    m.severity,
    'completed',
    coalesce(m.failing_since, now()),
    clock_timestamp(),
    m.trace_id,
    current_setting('application_name')
  from unnest(batch) as m
  where m.outcome is null;
  return apply_to_current_state(batch);
end
$$;

comment on function store(incoming[], jsonb[]) is
'Stores those of a batch that are to be stored, with their notifications, and brings current_state '
'up to date. Returns what apply_to_current_state() does.';
