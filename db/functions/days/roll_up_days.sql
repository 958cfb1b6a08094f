-- Day by day, for each starts with what stood at the end of the one before.
create or replace function roll_up_days(until date default null)
returns bigint
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
set jit = off  -- which takes seconds to compile what mostly runs in milliseconds
set plan_cache_mode = force_generic_plan  -- planning a day takes longer than a quiet day
as $$
declare
  last_day constant date := least(roll_up_days.until, utc_day(now()) - 1);
  rolled_up_to date;
  stale record;
  rows bigint;
  written bigint := 0::bigint;
begin
  perform begin_maintenance();
  rolled_up_to := coalesce((select max(d.day) from item_days as d), '-infinity');

  for stale in
    with arrived as materialized (
      -- through: the last day that the event bears on, that of the one that takes its place
      select
        q.notification_id,
        e.asin,
        e.marketplace,
        e.item_condition,
        utc_day(e.event_time) as day,
        coalesce(following.day, 'infinity') as through
      from item_days_queue as q
      left join item_events as e on q.notification_id = e.id
      left join lateral (
        select utc_day(f.event_time) as day
        from item_events as f
        where f.asin = e.asin
          and f.marketplace = e.marketplace
          and f.item_condition = e.item_condition
          and f.event_time >= e.event_time
          and (f.event_time, f.notification_type = 'PRICING_HEALTH', f.moment)
          > (e.event_time, e.notification_type = 'PRICING_HEALTH', e.moment)
          and (f.notification_type = 'ANY_OFFER_CHANGED' or e.notification_type = 'PRICING_HEALTH')
        order by f.event_time
        limit 1
      ) as following on utc_day(e.event_time) <= rolled_up_to
      where q.event_time < utc_midnight(last_day + 1)
    ),

    -- What bears on days that are rolled up but lie after last_day stays for a later call.
    done as (
      delete from item_days_queue as q
      using arrived as a
      where q.notification_id = a.notification_id
        and (a.through <= last_day or rolled_up_to <= last_day)
    ),

    stretches as (
      select d.asin, d.marketplace, d.item_condition, rolled_up_to + 1 as first_day, last_day
      from item_days as d
      where d.day = rolled_up_to and rolled_up_to < last_day
      union all
      select a.asin, a.marketplace, a.item_condition, a.day, least(a.through, last_day)
      from arrived as a
    )

    select
      x.day,
      array_agg(x.asin) as asins,
      array_agg(x.marketplace) as marketplaces,
      array_agg(x.item_condition) as item_conditions
    from (
      select distinct s.asin, s.marketplace, s.item_condition, s.first_day + n.days as day
      from stretches as s
      cross join generate_series(0, s.last_day - s.first_day) as n (days)
    ) as x
    group by x.day
    order by x.day
  loop
    delete from item_days as d
    using unnest(stale.asins, stale.marketplaces, stale.item_conditions)
      as s (asin, marketplace, item_condition)
    where d.asin = s.asin
      and d.marketplace = s.marketplace
      and d.item_condition = s.item_condition
      and d.day = stale.day
      and not d.final;
    insert into item_days
    select n.*
    from unnest(stale.asins, stale.marketplaces, stale.item_conditions)
      as s (asin, marketplace, item_condition)
    cross join lateral day_of_item(s.asin, s.marketplace, s.item_condition, stale.day) as n
    on conflict (asin, marketplace, item_condition, day) do nothing;  -- it is final
    get diagnostics rows = row_count;
    written := written + rows;
  end loop;
  return written;
end
$$;

comment on function roll_up_days(date) is
'Brings item_days up to that UTC day, at most the last finished one (null: that): writes the days '
'that are not there yet, and again the days of every notification stored since the last roll-up '
'and those after it up to the item''s next event. Days of which pruning has taken a notification '
'stay as they are. Returns how many rows were written. Safe beside live ingest and to repeat; any '
'steps give what one call at the end gives. All in one transaction; make rollup goes in chunks.';
