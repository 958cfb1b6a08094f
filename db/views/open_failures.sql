create or replace view open_failures as
select
  w.message_id,
  w.error_type,
  w.error_message,
  w.failure_count,
  w.first_failed_at,
  w.last_failed_at,
  w.trace_id,
  w.worker_id
from worker_failures as w
where w.resolved_at is null;

comment on view open_failures is
'Messages that could not be ingested and have not been since, a row each, with the reason of the '
'last failure.';
