-- One row an offer listed, then one a seller and event. The event before since is among them, for
-- it tells what came first and holds until the next; what is counted is only of those inside.
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
  with offers as (
    select
      e.asin,
      e.marketplace,
      e.item_condition,
      e.event_time,
      o.seller_id,
      o.landed_price,
      o.is_fba,
      o.is_own,
      dense_rank() over item as event,
      min(o.landed_price) filter (where o.is_own) over this_event as your_price,
      -- buy_box_seller, as analyze_notification() says it
      case
        when bool_or(o.is_buy_box_winner) over this_event then first_value(o.seller_id) over (
          this_event
          order by
            o.is_buy_box_winner desc, o.is_own desc, o.landed_price asc, o.is_fba desc,
            o.seller_id collate "C" asc
        )
      end as holder,
      coalesce(max(e.event_time) over next_event, least(competitors.until, now())) as ends,
      min(e.event_time) over (partition by e.asin, e.marketplace, e.item_condition) as first_time
    from in_force() as i
    cross join offer_events(
      competitors.since, least(competitors.until, now()), competitors.asin
    ) as e
    left join lateral listed_offers(e.raw_notification, i.own_sellers) as o on true
    window
      item as (
        partition by e.asin, e.marketplace, e.item_condition
        order by e.event_time, e.dedupe_hash collate "C"
      ),
      next_event as (item groups between 1 following and 1 following),
      this_event as (
        partition by e.asin, e.marketplace, e.item_condition, e.event_time, e.dedupe_hash
      )
  ),

  listed as (
    select
      o.asin,
      o.marketplace,
      o.item_condition,
      o.seller_id,
      o.event,
      o.event_time,
      o.event_time >= competitors.since as is_inside,
      o.your_price,
      min(o.landed_price) as lowest,
      coalesce(min(o.landed_price) < o.your_price, false) as is_below,
      count(*) as offers,
      count(*) filter (where o.is_fba) as by_amazon,
      case
        when o.holder = o.seller_id
          then extract(epoch from o.ends - greatest(o.event_time, competitors.since))
      end as held_seconds,
      extract(
        epoch from least(competitors.until, now()) - greatest(o.first_time, competitors.since)
      ) as known_seconds
    from offers as o
    where o.seller_id is not null and not o.is_own
    group by
      o.asin, o.marketplace, o.item_condition, o.seller_id, o.event, o.event_time, o.your_price,
      o.holder, o.ends, o.first_time
  ),

  followed as (
    select
      l.*,
      l.is_below
      and lag(l.event) over seller = l.event - 1
      and not lag(l.is_below) over seller
      and l.lowest < lag(l.lowest) over seller as is_undercut,
      lead(l.event) over seller is null as is_last,
      -- then the last is inside, too
      max(l.event_time) over (
        partition by l.asin, l.marketplace, l.item_condition, l.seller_id
      ) >= competitors.since as is_counted
    from listed as l
    window seller as (
      partition by l.asin, l.marketplace, l.item_condition, l.seller_id order by l.event
    )
  )

  select
    f.seller_id,
    count(*) filter (where f.is_last) as items,
    count(*) filter (where f.is_inside) as events,
    sum(f.by_amazon) filter (where f.is_inside)
    / sum(f.offers) filter (where f.is_inside) as fba_share,
    count(*) filter (where f.is_inside and f.is_below) as times_below_you,
    (
      percentile_cont(0.5) within group (
        order by (f.your_price - f.lowest) / nullif(f.your_price, 0) * 100
      ) filter (where f.is_inside and f.is_below)
    )::numeric as median_below_pct,
    count(*) filter (where f.is_inside and f.is_undercut) as undercuts,
    coalesce(sum(f.held_seconds), 0)
    / nullif(sum(f.known_seconds) filter (where f.is_last), 0) as buy_box_share,
    max(f.event_time) as last_seen
  from followed as f
  where f.is_counted
  group by f.seller_id
  order by times_below_you desc, undercuts desc, events desc, f.seller_id collate "C" asc;
end;

comment on function competitors(timestamptz, timestamptz, text) is
'Who sells beside you: a row a seller that is not yours, by the ANY_OFFER_CHANGED notifications of '
'since <= event_time < until, of one ASIN or of all. items and events in which he was listed; '
'fba_share (0 to 1) of his offers; times_below_you: events in which his lowest landed price was '
'under your_price, and median_below_pct by how many percent of yours; undercuts: how often he went '
'from not below you to below by a lower price than in the event before; buy_box_share (0 to 1): '
'his seconds of those known (from since where an earlier event is known, at most to now) of the '
'items he was listed in; last_seen: his last event. '
'Example: select * from competitors(now() - interval ''1 day'', now()) order by undercuts '
'desc';
