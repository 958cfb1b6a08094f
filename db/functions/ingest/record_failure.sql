-- Same message, same row: SQS brings a broken message maxReceiveCount times. Its ids have 100
-- characters at most; one that no index can hold must not keep its failure from being recorded.
create or replace function record_failure(
  message_id text,
  body text,
  dedupe_hash text,
  trace_id text,
  error_type text,
  error_message text,
  stack_trace text
)
returns void
language sql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
  insert into worker_failures as f (
    message_id, raw_message, dedupe_hash, error_type, error_message, stack_trace, trace_id,
    worker_id
  )
  values (
    left(record_failure.message_id, 500), to_jsonb(record_failure.body), record_failure.dedupe_hash,
    record_failure.error_type, record_failure.error_message, record_failure.stack_trace,
    record_failure.trace_id,
    current_setting('application_name')
  )
  on conflict (message_id) do update set
    raw_message = excluded.raw_message,
    dedupe_hash = excluded.dedupe_hash,
    error_type = excluded.error_type,
    error_message = excluded.error_message,
    stack_trace = excluded.stack_trace,
    trace_id = excluded.trace_id,
    worker_id = excluded.worker_id,
    failure_count = f.failure_count + 1,
    last_failed_at = excluded.last_failed_at,
    resolved_at = null
$$;

comment on function record_failure(text, text, text, text, text, text, text) is
'Keeps a message that could not be ingested, with its exact body as one JSON string: a new row in '
'worker_failures, or one more failure on the message''s row.';
