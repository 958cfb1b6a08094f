-- A day is made of states, each from its event to the next. The one at midnight is what the row of
-- the day before closed with: so no event before the days in question has to be read, or be there.
create or replace function roll_up_days(until date default null)
returns bigint
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
set jit = off  -- which takes seconds to compile what mostly runs in milliseconds
as $$
declare
  last_day constant date := least(roll_up_days.until, utc_day(now()) - 1);
  rolled_up_to date;
  written bigint;
begin
  perform begin_maintenance();
  rolled_up_to := coalesce((select max(d.day) from item_days as d), '-infinity');

  with arrived as materialized (
    -- through: the last day that the event bears on, that of the one that takes its place
    select
      q.notification_id,
      e.asin,
      e.marketplace,
      e.item_condition,
      utc_day(e.event_time) as day,
      case
        when e.id is null then '-infinity' else coalesce(following.day, 'infinity')
      end as through
    from item_days_queue as q
    left join item_events as e on q.notification_id = e.id
    left join lateral (
      select utc_day(f.event_time) as day
      from item_events as f
      where f.asin = e.asin
        and f.marketplace = e.marketplace
        and f.item_condition = e.item_condition
        and f.event_time >= e.event_time
        and (f.event_time, f.notification_type = 'PRICING_HEALTH', f.dedupe_hash collate "C")
        > (e.event_time, e.notification_type = 'PRICING_HEALTH', e.dedupe_hash collate "C")
        and (f.notification_type = 'ANY_OFFER_CHANGED' or e.notification_type = 'PRICING_HEALTH')
      order by f.event_time
      limit 1
    ) as following on utc_day(e.event_time) <= rolled_up_to
    where q.event_time < utc_midnight(last_day + 1)
      and (e.id is null or e.event_time < utc_midnight(last_day + 1))
  ),

  stretches as (
    -- days that nobody has rolled up yet: of the items that there are, and of new ones
    select d.asin, d.marketplace, d.item_condition, rolled_up_to + 1 as first_day, last_day
    from item_days as d
    where d.day = rolled_up_to and rolled_up_to < last_day
    union all
    select a.asin, a.marketplace, a.item_condition, min(a.day), last_day
    from arrived as a
    where a.day > rolled_up_to
    group by a.asin, a.marketplace, a.item_condition
    union all
    -- days that late events change
    select a.asin, a.marketplace, a.item_condition, a.day, least(a.through, last_day)
    from arrived as a
    where a.day <= rolled_up_to
  ),

  -- starts: what stood before is not worked out here, but in the row of the day before
  days as materialized (
    select
      x.*,
      (lag(x.day) over item is distinct from x.day - 1 or lag(x.final) over item) as starts
    from (
      select
        s.asin,
        s.marketplace,
        s.item_condition,
        s.first_day + n.days as day,
        coalesce(bool_or(d.final), false) as final
      from stretches as s
      cross join lateral generate_series(0, s.last_day - s.first_day) as n (days)
      left join item_days as d
        on s.asin = d.asin
        and s.marketplace = d.marketplace
        and s.item_condition = d.item_condition
        and s.first_day + n.days = d.day
      group by 1, 2, 3, 4
    ) as x
    window item as (partition by x.asin, x.marketplace, x.item_condition order by x.day)
  ),

  -- Offers last until the next offers, a severity until the next event of either type.
  happened as (
    select
      d.asin,
      d.marketplace,
      d.item_condition,
      d.day,
      r.of_offers,
      e.event_time,
      e.notification_type,
      e.dedupe_hash,
      a.your_price,
      a.market_low,
      a.buy_box_winner,
      e.severity
    from in_force() as i
    cross join days as d
    cross join lateral (
      select e.*
      from item_events as e
      where e.asin = d.asin
        and e.marketplace = d.marketplace
        and e.item_condition = d.item_condition
        and e.event_time >= utc_midnight(d.day)
        and e.event_time < utc_midnight(d.day + 1)
      offset 0  -- by the index, a day at a time
    ) as e
    left join lateral analyze_under(e.raw_notification, i.rules, i.own_sellers) as a
      on e.notification_type = 'ANY_OFFER_CHANGED'
    cross join (values (true), (false)) as r (of_offers)
    where e.notification_type = 'ANY_OFFER_CHANGED' or not r.of_offers
    union all
    -- what stood when a day began, without a type
    select
      d.asin,
      d.marketplace,
      d.item_condition,
      d.day,
      r.of_offers,
      r.event_time,
      null,
      null,
      c.your_close,
      c.market_close,
      c.buy_box_close,
      c.severity_close
    from days as d
    cross join lateral (
      select c.*
      from item_days as c
      where c.asin = d.asin
        and c.marketplace = d.marketplace
        and c.item_condition = d.item_condition
        and c.day = d.day - 1
      offset 0
    ) as c
    cross join lateral (
      values (true, c.offers_time), (false, c.severity_time)
    ) as r (of_offers, event_time)
    where d.starts and r.event_time is not null
  ),

  states as (
    select
      h.*,
      min(h.day) over (partition by h.asin, h.marketplace, h.item_condition, h.of_offers)
      as first_day,
      lead(h.event_time) over item as until,
      lag(h.event_time) over item is null as is_first,
      lag(h.buy_box_winner) over item as had_won
    from happened as h
    window item as (
      partition by h.asin, h.marketplace, h.item_condition, h.of_offers
      order by
        h.event_time,
        -- null, what stood, comes last: it may be an event that is read again
        h.notification_type = 'PRICING_HEALTH',
        h.dedupe_hash collate "C"
    )
  ),

  spread as (
    select
      s.*,
      greatest(utc_day(s.event_time), s.first_day) + generate_series(
        0,
        coalesce(utc_day(s.until), last_day) - greatest(utc_day(s.event_time), s.first_day)
      ) as of_day
    from states as s
  ),

  -- The part of each state that lies in each of its days; and the days that are wanted, which no
  -- join has to find.
  parts as (
    select
      s.asin,
      s.marketplace,
      s.item_condition,
      s.of_day,
      false as is_wanted,
      s.of_offers,
      s.event_time,
      s.notification_type,
      s.your_price,
      s.market_low,
      s.buy_box_winner,
      s.had_won,
      s.severity,
      s.notification_type is not null and s.event_time >= utc_midnight(s.of_day) as begins,
      s.is_first or s.event_time < utc_midnight(s.of_day) as opens,
      coalesce(s.until >= utc_midnight(s.of_day + 1), true) as closes,
      extract(
        epoch from least(s.until, utc_midnight(s.of_day + 1))
        - greatest(s.event_time, utc_midnight(s.of_day))
      ) as seconds
    from spread as s
    union all
    select
      d.asin, d.marketplace, d.item_condition, d.day, true, null, null, null, null, null, null,
      null, null, null, null, null, null
    from days as d
    where not d.final
  ),

  rolled_up as (
    insert into item_days as d (
      asin, marketplace, item_condition, day, events, your_open, your_low, your_high, your_close,
      market_low, market_close, buy_box_seconds, known_seconds, buy_box_won, buy_box_lost,
      success_s, info_s, warning_s, high_s, critical_s, pricing_issues, buy_box_close,
      offers_time, severity_close, severity_time
    )
    select
      p.asin,
      p.marketplace,
      p.item_condition,
      p.of_day,
      count(*) filter (where p.of_offers and p.begins),
      max(p.your_price) filter (where p.of_offers and p.opens),
      min(p.your_price) filter (where p.of_offers),
      max(p.your_price) filter (where p.of_offers),
      max(p.your_price) filter (where p.of_offers and p.closes),
      min(p.market_low) filter (where p.of_offers),
      max(p.market_low) filter (where p.of_offers and p.closes),
      coalesce(sum(p.seconds) filter (where p.of_offers and p.buy_box_winner), 0),
      coalesce(sum(p.seconds) filter (where p.of_offers), 0),
      count(*) filter (where p.of_offers and p.begins and p.buy_box_winner and not p.had_won),
      count(*) filter (where p.of_offers and p.begins and p.had_won and not p.buy_box_winner),
      coalesce(sum(p.seconds) filter (where not p.of_offers and p.severity = 'success'), 0),
      coalesce(sum(p.seconds) filter (where not p.of_offers and p.severity = 'info'), 0),
      coalesce(sum(p.seconds) filter (where not p.of_offers and p.severity = 'warning'), 0),
      coalesce(sum(p.seconds) filter (where not p.of_offers and p.severity = 'high'), 0),
      coalesce(sum(p.seconds) filter (where not p.of_offers and p.severity = 'critical'), 0),
      count(*) filter (where p.begins and p.notification_type = 'PRICING_HEALTH'),
      bool_or(p.buy_box_winner) filter (where p.of_offers and p.closes),
      max(p.event_time) filter (where p.of_offers and p.closes),
      max(p.severity) filter (where not p.of_offers and p.closes),
      max(p.event_time) filter (where not p.of_offers and p.closes)
    from parts as p
    group by p.asin, p.marketplace, p.item_condition, p.of_day
    having bool_or(p.is_wanted)
    on conflict (asin, marketplace, item_condition, day) do update set
      events = excluded.events,
      your_open = excluded.your_open,
      your_low = excluded.your_low,
      your_high = excluded.your_high,
      your_close = excluded.your_close,
      market_low = excluded.market_low,
      market_close = excluded.market_close,
      buy_box_seconds = excluded.buy_box_seconds,
      known_seconds = excluded.known_seconds,
      buy_box_won = excluded.buy_box_won,
      buy_box_lost = excluded.buy_box_lost,
      success_s = excluded.success_s,
      info_s = excluded.info_s,
      warning_s = excluded.warning_s,
      high_s = excluded.high_s,
      critical_s = excluded.critical_s,
      pricing_issues = excluded.pricing_issues,
      buy_box_close = excluded.buy_box_close,
      offers_time = excluded.offers_time,
      severity_close = excluded.severity_close,
      severity_time = excluded.severity_time
    returning d.day
  ),

  -- What bears on days that are rolled up but lie after last_day stays for a later call.
  done as (
    delete from item_days_queue as q
    using arrived as a
    where q.notification_id = a.notification_id
      and (a.through <= last_day or rolled_up_to <= last_day)
  )

  select count(*) into written from rolled_up;
  return written;
end
$$;

comment on function roll_up_days(date) is
'Brings item_days up to that UTC day, at most the last finished one (null: that): writes the days '
'that are not there yet, and again the days of every notification stored since the last roll-up '
'and those after it up to the item''s next event. Days of which pruning has taken a notification '
'stay as they are. Returns how many rows were written. Safe beside live ingest and to repeat; any '
'steps give what one call at the end gives. All in one transaction; make rollup goes in chunks. '
'Example: select roll_up_days()';
