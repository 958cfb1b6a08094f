-- Reads first, then writes: the notifications, which nobody else updates, and under the items'
-- locks those rows of current_state that still show one of them.
create or replace function rerun_severity(
  since timestamptz default '-infinity',
  until timestamptz default 'infinity',
  asin text default null
)
returns table (examined bigint, changed bigint)
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  rule severity_rules;
  sellers constant text[] := own_seller_ids();
  ids uuid[];
  severities text[];
begin
  perform begin_maintenance();
  perform hold_rules();
  rule := find_rules();

  select
    count(*),
    array_agg(d.id) filter (where d.new_severity is distinct from d.old_severity),
    array_agg(d.new_severity) filter (where d.new_severity is distinct from d.old_severity)
  into examined, ids, severities
  from rejudge_stored(rule, sellers, since, until, rerun_severity.asin) as d;
  changed := coalesce(cardinality(ids), 0)::bigint;

  update worker_notifications as n
  set severity = d.severity
  from unnest(ids, severities) as d (id, severity)
  where n.id = d.id;
  insert into item_days_queue (notification_id, event_time)
  select e.id, e.event_time
  from item_events as e
  where e.id = any (ids);

  perform take_item_locks(array(
    select c.asin
    from current_state as c
    where c.last_notification_id = any (ids)
  ));
  update current_state as c
  set severity = n.severity, last_updated = now()
  from worker_notifications as n
  where n.id = any (ids)
    and c.last_notification_id = n.id
    and c.severity is distinct from n.severity;
  return next;
end
$$;

comment on function rerun_severity(timestamptz, timestamptz, text) is
'Derives severity again under the active rules, for the notifications received in [since, until), '
'of one ASIN or of all, and for the rows of current_state that show them. Returns how many were '
'examined and how many changed. Safe beside live ingest and to repeat: a second run changes '
'nothing. All in one transaction; make rerun goes in chunks. '
'Example: select * from rerun_severity(asin => ''B0DEMO0012'')';
