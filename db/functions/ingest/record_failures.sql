-- Same message, same row: SQS brings a broken message maxReceiveCount times, and may bring two
-- copies in a batch. Its ids have 100 characters at most; one that no index can hold must not keep
-- its failure from being recorded.
create or replace function record_failures(batch incoming[], body text[])
returns void
language sql volatile parallel unsafe
begin atomic
  insert into worker_failures as f (
    message_id, raw_message, dedupe_hash, error_type, error_message, stack_trace, failure_count,
    trace_id, worker_id
  )
  select distinct on (left(m.message_id, 500))
    left(m.message_id, 500) as message_id,
    to_jsonb(record_failures.body[m.position]) as raw_message,
    m.dedupe_hash,
    m.error_type,
    m.error_message,
    m.error_context,
    count(*) over (partition by left(m.message_id, 500)) as failure_count,
    m.trace_id,
    current_setting('application_name') as worker_id
  from unnest(batch) as m
  where m.outcome = 'failed'
  order by left(m.message_id, 500), m.position desc
  on conflict (message_id) do update set
    raw_message = excluded.raw_message,
    dedupe_hash = excluded.dedupe_hash,
    error_type = excluded.error_type,
    error_message = excluded.error_message,
    stack_trace = excluded.stack_trace,
    trace_id = excluded.trace_id,
    worker_id = excluded.worker_id,
    failure_count = coalesce(f.failure_count, 1) + excluded.failure_count,
    last_failed_at = excluded.last_failed_at,
    resolved_at = null;
end;

comment on function record_failures(incoming[], text[]) is
'Keeps those of the batch that failed, each with its exact body as one JSON string: a new row in '
'worker_failures, or further failures on the message''s row.';
