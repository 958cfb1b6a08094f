-- What ingest reads and checks for every message, in forms that cost it less.
-- depends: 0004.roles

-- What read_header() returns: a named type costs less to fill and to hand on than a record.
create type notification_header as (
  notification_type text,
  has_state boolean,
  asin text,
  marketplace text,
  item_condition text,
  seller_id text,
  event_time timestamptz,
  publish_time timestamptz,
  amazon_notification_id text,
  content jsonb,
  summary jsonb,
  offers jsonb
);

-- Postgres reads a check's stored expression again for each statement, and an array is quicker to
-- read than the list that `in` keeps. What holds for new rows only stays so.
do $$
declare
  closed_set record;
begin
  for closed_set in
    select c.conrelid::regclass as table_name, c.conname, c.convalidated, v.column_name, v.members
    from (
      values
      ('worker_notifications_status_check', 'status', '{new,processing,completed,failed}'),
      ('worker_notifications_severity_check', 'severity', '{success,info,warning,high,critical}'),
      ('current_state_severity_check', 'severity', '{success,info,warning,high,critical}')
    ) as v (constraint_name, column_name, members)
    inner join pg_constraint as c on v.constraint_name = c.conname
    where c.conrelid in ('worker_notifications'::regclass, 'current_state'::regclass)
  loop
    execute format(
      'alter table %s drop constraint %I, add constraint %2$I check (%I = any (%L)) not valid',
      closed_set.table_name, closed_set.conname, closed_set.column_name, closed_set.members
    );
    if closed_set.convalidated then
      execute format(
        'alter table %s validate constraint %I', closed_set.table_name, closed_set.conname
      );
    end if;
  end loop;
end
$$;
