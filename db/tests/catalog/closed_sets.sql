-- Every closed set of values is a named check: what belongs to it gets in, nothing else does.
begin;
select plan(21);

create function pg_temp.notification(status text, severity text)
returns void
language sql
as $$
  insert into worker_notifications (message_id, dedupe_hash, raw_notification, status, severity)
  values (gen_random_uuid(), gen_random_uuid(), '{}', status, severity)
$$;

create function pg_temp.state(severity text)
returns void
language sql
as $$
  insert into current_state (asin, severity) values (gen_random_uuid(), severity)
$$;

select lives_ok(
  format('select pg_temp.notification(%L, null)', s.status), 'status ' || coalesce(s.status, 'null')
)
from (values ('new'), ('processing'), ('completed'), ('failed')) as s (status);
select throws_like(
  format('select pg_temp.notification(%L, null)', s.status),
  '%violates check constraint "worker_notifications_status_check"%',
  'no status: ' || s.status
)
from (values ('done'), ('NEW'), ('')) as s (status);

select lives_ok(format('select %s', c.call), c.call)
from (values ('success'), ('info'), ('warning'), ('high'), ('critical')) as s (severity)
cross join lateral (
  values
  (format('pg_temp.notification(''new'', %L)', s.severity)),
  (format('pg_temp.state(%L)', s.severity))
) as c (call);
select throws_like(
  'select ' || c.call,
  format('%%violates check constraint "%s_severity_check"%%', c.of_table),
  'refused: ' || c.call
)
from (
  values
  ('worker_notifications', 'pg_temp.notification(''new'', ''low'')'),
  ('worker_notifications', 'pg_temp.notification(''new'', '''')'),
  ('current_state', 'pg_temp.state(''low'')'),
  ('current_state', 'pg_temp.state(''High'')')
) as c (of_table, call);

select * from finish();
rollback;
