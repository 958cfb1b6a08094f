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
  rules constant severity_rules := find_rules();
  sellers constant text[] := own_seller_ids();
begin
  perform begin_maintenance();
  perform take_item_locks(array(
    select n.asin
    from worker_notifications as n
    where n.asin = rebuild_current_state.asin or rebuild_current_state.asin is null
    union
    select c.asin
    from current_state as c
    where c.asin = rebuild_current_state.asin or rebuild_current_state.asin is null
  ));
  -- What is only made anew is no news: raise_alerts() looks for this.
  perform set_config('buybox.rebuilding', 'on', true);
  delete from current_state as c
  where c.asin = rebuild_current_state.asin or rebuild_current_state.asin is null;

  perform apply_to_current_state(
    array(
      select
        row(
          null, null, r.dedupe_hash, null, null, r.id, a.asin, a.marketplace, r.severity, null, a,
          moment(r.event_time, r.received_at, r.dedupe_hash), null, null, null
        )::incoming
      from (
        select distinct on (n.asin, n.marketplace, n.item_condition, n.notification_type) n.id
        from readable_notifications as n
        where has_state(n.notification_type)
          and (n.asin = rebuild_current_state.asin or rebuild_current_state.asin is null)
        order by
          n.asin, n.marketplace, n.item_condition, n.notification_type,
          moment(n.event_time, n.received_at, n.dedupe_hash) desc
      ) as newest
      inner join worker_notifications as r on newest.id = r.id
      cross join lateral analyze_under(r.raw_notification, rules, sellers) as a
    )
  );
  perform set_config('buybox.rebuilding', 'off', true);

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
'items. '
'Example: select rebuild_current_state(''B0DEMO0012'')';
