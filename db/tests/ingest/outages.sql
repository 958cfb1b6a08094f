-- What is wrong with the world is no failure of the message: it is raised to the caller and nothing
-- is written. Everything else is the message's failure.
begin;
select plan(33);
\ir ../fixtures.psql

create function pg_temp.fail()
returns trigger
language plpgsql
as $$
begin
  if current_setting('test.sqlstate', true) <> '' then
    raise exception using errcode = current_setting('test.sqlstate'), message = 'by the test';
  end if;
  return new;
end
$$;
create trigger fail before insert on worker_notifications
for each row execute function pg_temp.fail();

-- The outcome, or the SQLSTATE raised. throws_ok() would let a canceled query and a failed
-- assertion through.
create function pg_temp.ingest_under(code text, message_id text)
returns text
language plpgsql
as $$
declare
  r record;
begin
  perform set_config('test.sqlstate', code, true);
  r := ingest_notification(message_id, '{"NotificationType": "X"}');
  return r.outcome;
exception when others or query_canceled or assert_failure then
  return sqlstate;
end
$$;

create temporary table before on commit drop as select * from pg_temp.every_row();

select is(pg_temp.ingest_under(c.code, 'm'), c.code, format('%s, %s, is raised', c.code, c.name))
from (
  values
  ('08000', 'connection_exception'),
  ('08006', 'connection_failure'),
  ('40001', 'serialization_failure'),
  ('40P01', 'deadlock_detected'),
  ('53000', 'insufficient_resources'),
  ('53100', 'disk_full'),
  ('53200', 'out_of_memory'),
  ('57000', 'operator_intervention'),
  ('57014', 'query_canceled'),
  ('57P01', 'admin_shutdown'),
  ('58000', 'system_error'),
  ('58030', 'io_error'),
  ('25006', 'read_only_sql_transaction'),
  ('55P03', 'lock_not_available')
) as c (code, name);

-- A server that lost its role as the primary, in earnest.
select throws_ok(
  $$
  set local transaction_read_only = on;
  select * from ingest_notification('m', '{"NotificationType": "X"}')
  $$,
  '25006', null, 'a read-only transaction is raised'
);
select throws_ok(
  $$
  set local transaction_read_only = on;
  select * from ingest_notification('m', 'no JSON')
  $$,
  '25006', null, 'also where the message is bad'
);
select throws_ok(
  $$
  set local transaction_read_only = on;
  select * from ingest_notification('{}'::text[], '{}'::text[])
  $$,
  '25006', null, 'and where there is none, as the relay asks whether it could store one'
);

select set_eq('select * from pg_temp.every_row()', 'select * from before', 'nothing is written');

create temporary table errors (code text, error_type text) on commit drop;
insert into errors values
('P0001', 'raise_exception'),
('P0004', 'assert_failure'),
('22012', 'division_by_zero'),
('23505', 'unique_violation'),
('23514', 'check_violation'),
('25001', 'active_sql_transaction'),
('42501', 'insufficient_privilege'),
('54001', 'statement_too_complex'),
('55000', 'object_not_in_prerequisite_state'),
('XX000', 'internal_error'),
('ZZ123', 'ZZ123');

select is(pg_temp.ingest_under(e.code, e.code), 'failed', e.code || ' is the message''s failure')
from errors as e;
select set_eq(
  $$select w.message_id, w.error_type from worker_failures as w$$,
  'select e.code, e.error_type from errors as e',
  'the failure has the condition''s name, or the code where it has none'
);

select is(pg_temp.ingest_under('', 'm'), 'processed', 'all is well again and so is the message');

-- What fails at the last step leaves nothing of the steps before.
drop trigger fail on worker_notifications;
create trigger fail before insert on current_state
for each row execute function pg_temp.fail();
select is(
  array[r.outcome, r.error_type, (r.notification_id is null)::text],
  array['failed', 'raise_exception', 'true'],
  'a message that cannot be applied has failed'
)
from (values (set_config('test.sqlstate', 'P0001', true))) as s (code)
cross join lateral ingest_notification(
  'not applied ' || s.code, pg_temp.any_offer_changed('[]')::text
) as r;
select is_empty(
  $$select * from worker_notifications where asin = 'B0TEST0001'$$, 'and is not stored'
);

select * from finish();
rollback;
