-- Alerts go first, then the deliveries of which none is left. One that ingest has just locked, to
-- count a repeat, stays for the next run.
create or replace function prune_alerts(ended_before timestamptz)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from alerts as a
  where a.id in (
    select old.id
    from alerts as old
    left join alert_deliveries as d on old.delivery_id = d.id
    where old.status <> 'pending'
      and greatest(old.due_at, d.sent_at) < ended_before
    for update of old skip locked
  );
  delete from alert_deliveries as d
  where d.status in ('sent', 'dead')
    and coalesce(d.sent_at, d.created_at) < ended_before
    and not exists (select from alerts as a where a.delivery_id = d.id);
end
$$;

comment on function prune_alerts(timestamptz) is
'Deletes the alerts that ended before a time (were due, and sent where they were) and the '
'deliveries that are left without one. For prune_notifications().';
