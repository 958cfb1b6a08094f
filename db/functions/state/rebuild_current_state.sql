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
    select r.*
    from (
      select distinct n.asin, n.marketplace, n.item_condition, n.notification_type
      from worker_notifications as n
      where has_state(n.notification_type)
        and (n.asin = rebuild_current_state.asin or rebuild_current_state.asin is null)
    ) as register
    cross join lateral (
      -- newest first, up to the first that can be analysed: the original stored others, too
      select o.id, o.dedupe_hash, o.severity, o.happened_at, said as analysis
      from (
        select
          n.id, n.dedupe_hash, n.severity, n.raw_notification,
          effective_time(n.event_time, n.received_at) as happened_at
        from worker_notifications as n
        where n.asin = register.asin
          and n.marketplace = register.marketplace
          and n.item_condition = register.item_condition
          and n.notification_type = register.notification_type
        order by happened_at desc, n.dedupe_hash collate "C" desc
        offset 0
      ) as o
      cross join lateral analyze_stored(o.raw_notification) as said
      where said.asin is not null
      limit 1
    ) as r
  loop
    a := newest.analysis;
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
'Safe beside live ingest and to repeat. All in one transaction; make rebuild goes in chunks of '
'items.';
