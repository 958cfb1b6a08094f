-- Under the items' locks no event of theirs can arrive. One whose ASIN ingest_order() could not see
-- can: what was deleted is applied again by the same guarded upsert that ingest uses, so the newer
-- one stays all the same.
create or replace function rebuild_current_state(asin text default null)
returns bigint
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  newest record;
  a notification_analysis;
begin
  perform begin_maintenance();
  perform lock_items(array(
    select n.asin
    from worker_notifications as n
    where n.asin = rebuild_current_state.asin or rebuild_current_state.asin is null
    union
    select c.asin
    from current_state as c
    where c.asin = rebuild_current_state.asin or rebuild_current_state.asin is null
  ));
  delete from current_state as c
  where c.asin = rebuild_current_state.asin or rebuild_current_state.asin is null;

  for newest in
    select distinct on (
      n.asin, n.marketplace, n.item_condition, n.notification_type
    )
      n.id,
      n.dedupe_hash,
      n.severity,
      n.raw_notification,
      effective_time(n.event_time, n.received_at) as happened_at
    from worker_notifications as n
    where has_state(n.notification_type)
      and (n.asin = rebuild_current_state.asin or rebuild_current_state.asin is null)
    order by
      n.asin, n.marketplace, n.item_condition, n.notification_type,
      happened_at desc, n.dedupe_hash collate "C" desc
  loop
    a := analyze_stored(newest.raw_notification);
    continue when a.asin is null;
    a.severity := newest.severity;
    perform apply_to_current_state(newest.id, newest.dedupe_hash, newest.happened_at, a);
  end loop;

  return (
    select count(*)
    from current_state as c
    where c.asin = rebuild_current_state.asin or rebuild_current_state.asin is null
  );
end
$$;

comment on function rebuild_current_state(text) is
'Makes current_state anew from worker_notifications alone, of one ASIN or of all, with the '
'severities stored there: what live ingest would have left. Returns how many rows it has now. '
'Safe beside live ingest and to repeat. All in one transaction; make rebuild goes item by item.';
