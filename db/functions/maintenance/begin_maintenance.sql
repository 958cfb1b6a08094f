-- A transaction that is forgotten open afterwards would keep its items' messages from being stored:
-- the server ends the session that leaves it idle.
create or replace function begin_maintenance()
returns void
language sql volatile parallel unsafe
begin atomic
  select pg_advisory_xact_lock('worker_notifications'::regclass::oid::integer, 0);
  select set_config('idle_in_transaction_session_timeout', '60s', true)
  where current_setting('idle_in_transaction_session_timeout')::interval
    not between interval '1 millisecond' and interval '60 seconds';
end;

comment on function begin_maintenance() is
'Lets rerun_severity(), rebuild_current_state(), roll_up_days(), prune_notifications() and '
'activate_severity_rules() run one at a time, until the transaction ends; live ingest goes on '
'beside them. A transaction left idle for 60 seconds after it (sooner where '
'idle_in_transaction_session_timeout says so) ends with its session.';
