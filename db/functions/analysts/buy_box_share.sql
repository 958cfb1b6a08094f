create or replace function buy_box_share(
  since timestamptz default '-infinity',
  until timestamptz default 'infinity',
  asin text default null
)
returns table (asin text, marketplace text, item_condition text, share numeric)
language sql stable parallel safe
begin atomic
  with happened as (
    select e.*
    from item_events as e
    where e.notification_type = 'ANY_OFFER_CHANGED'
      and e.event_time >= buy_box_share.since
      and e.event_time < least(buy_box_share.until, now())
      and (buy_box_share.asin is null or e.asin = buy_box_share.asin)
    union all
    select b.*
    from (
      select distinct n.asin, n.marketplace, n.item_condition
      from worker_notifications as n
      where buy_box_share.asin is null or n.asin = buy_box_share.asin
    ) as item
    cross join lateral offers_before(
      item.asin, item.marketplace, item.item_condition, least(buy_box_share.since, now())
    ) as b
    where buy_box_share.since < least(buy_box_share.until, now())
  ),

  held as (
    select
      h.asin,
      h.marketplace,
      h.item_condition,
      a.buy_box_winner,
      extract(
        epoch from coalesce(lead(h.event_time) over item, least(buy_box_share.until, now()))
        - greatest(h.event_time, buy_box_share.since)
      ) as seconds
    from in_force() as i
    cross join happened as h
    cross join lateral analyze_offers(h.raw_notification, i.own_sellers) as a
    window item as (
      partition by h.asin, h.marketplace, h.item_condition
      order by h.moment
    )
  )

  select
    h.asin,
    h.marketplace,
    h.item_condition,
    coalesce(sum(h.seconds) filter (where h.buy_box_winner), 0) / nullif(sum(h.seconds), 0) as share
  from held as h
  group by h.asin, h.marketplace, h.item_condition
  order by h.asin, h.marketplace, h.item_condition;
end;

comment on function buy_box_share(timestamptz, timestamptz, text) is
'The share of time (0 to 1) that you held the buy box, per asin, marketplace and condition, '
'within [since, until), of one ASIN or of all: from since where an earlier event is known, else '
'from the first event, each counting until the next one, the last until the window''s end or now. '
'Null where no time has passed.';
