-- The row of a failed message: what it says, and what its next failure changes. SQS brings a bad
-- message maxReceiveCount times.
begin;
select plan(25);
set local timezone = 'UTC';
set local application_name = 'first-worker';

create temporary table first_time on commit drop as
select * from ingest_notification('m', '{"NotificationType": "PRICING_HEALTH"}');

select is(count(*), 1::bigint, 'one row a message') from worker_failures;
select is(w.message_id, 'm', 'under the message''s id') from worker_failures as w;
select is(w.failure_count, 1, 'failed once') from worker_failures as w;
select ok(w.first_failed_at between now() and clock_timestamp(), 'first now')
from worker_failures as w;
select is(w.last_failed_at, w.first_failed_at, 'and last') from worker_failures as w;
select is(w.error_type, f.error_type, 'error_type as returned')
from worker_failures as w cross join first_time as f;
select is(w.error_message, f.error_message, 'error_message as returned')
from worker_failures as w cross join first_time as f;
select is(w.trace_id, f.trace_id, 'trace_id as returned')
from worker_failures as w cross join first_time as f;
select isnt(w.trace_id, null, 'and there') from worker_failures as w;
select matches(w.stack_trace, 'ingest_notification.*line [0-9]+', 'the stack says where')
from worker_failures as w;
select is(
  w.dedupe_hash,
  encode(sha256(convert_to('{"NotificationType": "PRICING_HEALTH"}', 'UTF8')), 'hex'),
  'the hash of its body'
)
from worker_failures as w;
select is(w.worker_id, 'first-worker', 'the worker') from worker_failures as w;
select is(w.resolved_at, null, 'it is open') from worker_failures as w;

update worker_failures
set first_failed_at = now() - interval '1 hour', last_failed_at = now() - interval '1 hour';
set local application_name = 'second-worker';

create temporary table second_time on commit drop as
select * from ingest_notification('m', '{"NotificationType": "PRICING_HEALTH"}');

select is(s.outcome, 'failed', 'again: failed') from second_time as s;
select isnt(s.trace_id, f.trace_id, 'with a trace of its own')
from second_time as s cross join first_time as f;
select is(count(*), 1::bigint, 'still one row') from worker_failures;
select is(w.failure_count, 2, 'failed twice') from worker_failures as w;
select is(w.first_failed_at, now() - interval '1 hour', 'first when it was')
from worker_failures as w;
select ok(w.last_failed_at >= now(), 'last now') from worker_failures as w;
select is(w.trace_id, s.trace_id, 'the trace of the last failure')
from worker_failures as w cross join second_time as s;
select is(w.worker_id, 'second-worker', 'the worker of the last failure') from worker_failures as w;

select is(r.outcome, 'failed', 'a third time') from ingest_notification('m', 'no JSON') as r;
select is(
  array[w.failure_count::text, w.error_type, w.raw_message #>> '{}'],
  array['3', 'invalid_text_representation', 'no JSON'],
  'the row tells of the last failure'
)
from worker_failures as w;

select is(r.outcome, 'failed', 'its body under another id')
from ingest_notification('n', '{"NotificationType": "PRICING_HEALTH"}') as r;
select results_eq(
  'select message_id, failure_count from worker_failures order by message_id',
  $$values ('m', 3), ('n', 1)$$,
  'is a row of its own'
);

select * from finish();
rollback;
