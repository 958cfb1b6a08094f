create or replace function prune_notifications(keep interval, max_rows integer default null)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  pruned bigint;
begin
  if keep is null or keep < interval '28 days' then
    raise exception using
      errcode = 'OC103',
      message = format(
        'refusing to prune what is younger than 28 days (keep: %s)', coalesce(keep::text, 'null')
      ),
      hint = 'SQS keeps a message 14 days, and 14 more after a redrive: '
        'the dedupe keys must outlive them.';
  end if;
  perform roll_up_days();

  with gone as (
    delete from worker_notifications as n
    using (
      select old.id
      from worker_notifications as old
      where old.received_at < now() - keep
        and not exists (select from item_days_queue as q where q.notification_id = old.id)
        and not exists (select from current_state as c where c.last_notification_id = old.id)
        and (
          old.asin is null
          or not has_state(old.notification_type)
          or old.id in (select u.id from unreadable_notifications as u)
          or exists (
            select
            from item_events as newer
            where newer.asin = old.asin
              and newer.marketplace = old.marketplace
              and newer.item_condition = old.item_condition
              and newer.notification_type = old.notification_type
              -- Follows from the next, and takes the index past the older ones.
              and newer.event_time >= least(old.event_time, old.received_at)
              and newer.moment > moment(old.event_time, old.received_at, old.dedupe_hash)
          )
        )
      limit max_rows
    ) as d
    where n.id = d.id
    returning
      n.asin, n.marketplace, n.item_condition, n.notification_type,
      utc_day(least(n.event_time, n.received_at)) as day
  ),

  finished as (
    update item_days as d
    set final = true
    from gone as g
    where has_state(g.notification_type)
      and d.asin = g.asin
      and d.marketplace = g.marketplace
      and d.item_condition = g.item_condition
      and d.day = g.day
      and not d.final
  )

  select count(*) into pruned from gone;

  delete from unreadable_notifications as u
  where not exists (select from worker_notifications as n where n.id = u.id);
  delete from worker_failures as w where w.resolved_at < now() - keep;
  perform prune_alerts(now() - keep);
  return pruned;
end
$$;

comment on function prune_notifications(interval, integer) is
'Rolls up the days that are finished, then deletes notifications received longer than keep ago '
'(max_rows at most, all where null), whose days are final from then on; failures resolved, and '
'alerts and deliveries ended, as long ago. Keeps the newest notification of each asin, '
'marketplace, condition and type with state, so that rebuild_current_state() still gives the same. '
'Returns how many notifications were deleted. Raises OC103 where keep is null or under 28 days.';
