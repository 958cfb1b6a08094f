create or replace function page_operations_failures()
returns table (
  last_failed_at timestamptz,
  message_id text,
  error_type text,
  error_message text,
  failure_count integer,
  first_failed_at timestamptz,
  trace_id text
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    f.last_failed_at, f.message_id, f.error_type, f.error_message, f.failure_count,
    f.first_failed_at, f.trace_id
  from open_failures as f
  order by f.last_failed_at desc, f.message_id
  limit 200
$$;

comment on function page_operations_failures() is
'Open failures. Messages that could not be ingested and have not been since, the newest 200: what '
'is wrong with each. worker_failures keeps the bodies.';
