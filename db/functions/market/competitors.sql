-- A row a seller and event in which he was listed. The event before since is among them, for it
-- tells what came first and holds until the next; what is counted is only of those inside.
create or replace function competitors(
  since timestamptz, until timestamptz, asin text default null
)
returns table (
  seller_id text,
  items bigint,
  events bigint,
  fba_share numeric,
  times_below_you bigint,
  median_below_pct numeric,
  undercuts bigint,
  buy_box_share numeric,
  last_seen timestamptz
)
language sql stable parallel safe
begin atomic
  with happened as (
    select
      e.asin,
      e.marketplace,
      e.item_condition,
      e.event_time,
      row_number() over item as event,
      extract(
        epoch from coalesce(lead(e.event_time) over item, least(competitors.until, now()))
        - greatest(e.event_time, competitors.since)
      ) as seconds,
      r.offers,
      (buy_box_holder(r.offers)).seller_id as holder
    from in_force() as i
    cross join offer_events(
      competitors.since, least(competitors.until, now()), competitors.asin
    ) as e
    cross join lateral listed_offers(e.raw_notification, i.own_sellers) as r (offers)
    window item as (
      partition by e.asin, e.marketplace, e.item_condition
      order by e.event_time, e.dedupe_hash collate "C"
    )
  ),

  known as (
    select
      h.*,
      sum(h.seconds) over (partition by h.asin, h.marketplace, h.item_condition) as known_seconds
    from happened as h
  ),

  listed as (
    select
      k.*,
      o.*,
      k.event_time >= competitors.since as is_inside,
      (y.price - o.lowest) / nullif(y.price, 0) * 100 as below_pct,
      coalesce(o.lowest < y.price, false) as is_below
    from known as k
    cross join lateral (
      select min(o.landed_price) filter (where o.is_own) as price
      from unnest(k.offers) as o
    ) as y
    cross join lateral (
      select
        o.seller_id,
        min(o.landed_price) as lowest,
        count(*) as listed,
        count(*) filter (where o.is_fba) as by_amazon
      from unnest(k.offers) as o
      where not o.is_own and o.seller_id is not null
      group by o.seller_id
    ) as o
  ),

  followed as (
    select
      l.*,
      l.is_below
      and lag(l.event) over seller = l.event - 1
      and not lag(l.is_below) over seller
      and l.lowest < lag(l.lowest) over seller as is_undercut,
      l.is_inside and lead(l.event) over seller is null as is_last,
      bool_or(l.is_inside) over (seller rows between unbounded preceding and unbounded following)
      as is_counted
    from listed as l
    window seller as (
      partition by l.asin, l.marketplace, l.item_condition, l.seller_id order by l.event
    )
  )

  select
    f.seller_id,
    count(*) filter (where f.is_last) as items,
    count(*) filter (where f.is_inside) as events,
    sum(f.by_amazon) filter (where f.is_inside) / sum(f.listed) filter (where f.is_inside)
    as fba_share,
    count(*) filter (where f.is_inside and f.is_below) as times_below_you,
    (
      percentile_cont(0.5) within group (order by f.below_pct)
      filter (where f.is_inside and f.is_below)
    )::numeric as median_below_pct,
    count(*) filter (where f.is_inside and f.is_undercut) as undercuts,
    coalesce(sum(f.seconds) filter (where f.holder = f.seller_id), 0)
    / nullif(sum(f.known_seconds) filter (where f.is_last), 0) as buy_box_share,
    max(f.event_time) as last_seen
  from followed as f
  where f.is_counted
  group by f.seller_id
  order by times_below_you desc, undercuts desc, events desc, f.seller_id collate "C";
end;

comment on function competitors(timestamptz, timestamptz, text) is
'Who sells beside you: a row a seller that is not yours, by the ANY_OFFER_CHANGED notifications of '
'since <= event_time < until, of one ASIN or of all. items and events in which he was listed; '
'fba_share (0 to 1) of his offers; times_below_you: events in which his lowest landed price was '
'under your_price, and median_below_pct by how many percent of yours; undercuts: how often he went '
'from not below you to below by a lower price than in the event before; buy_box_share (0 to 1): his '
'seconds of those known (from since where an earlier event is known, at most to now) of the items '
'he was listed in; last_seen: his last event.';
