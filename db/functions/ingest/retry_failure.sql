create or replace function retry_failure(
  message_id text,
  out outcome text,
  out acknowledge boolean,
  out notification_id uuid,
  out asin text,
  out marketplace text,
  out severity text,
  out trace_id text,
  out error_type text,
  out error_message text
)
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  body text;
begin
  select w.raw_message #>> '{}' into body
  from worker_failures as w
  where w.message_id = retry_failure.message_id;
  if body is null then
    raise exception using
      errcode = 'OC102',
      message = format('no body of a failed message %L is kept', retry_failure.message_id),
      hint = 'select message_id, error_message from open_failures; lists what can be retried.';
  end if;
  select r.*
  into
    outcome, acknowledge, notification_id, asin, marketplace, severity, trace_id, error_type,
    error_message
  from ingest_notification(retry_failure.message_id, body) as r;
end
$$;

comment on function retry_failure(text) is
'Ingests the kept body of a message that failed again and returns what ingest_notification() '
'returns. A later delivery of the same message is then a duplicate. Raises OC102 where none is '
'kept. '
'Example: select r.* from open_failures as f cross join lateral retry_failure(f.message_id) '
'as r';
