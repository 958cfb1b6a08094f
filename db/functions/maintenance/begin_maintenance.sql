create or replace function begin_maintenance()
returns void
language sql volatile parallel unsafe
begin atomic
  select pg_advisory_xact_lock('worker_notifications'::regclass::oid::integer, 0);
end;

comment on function begin_maintenance() is
'Lets rerun_severity(), rebuild_current_state() and prune_notifications() run one at a time, '
'until the transaction ends; live ingest goes on beside them.';
