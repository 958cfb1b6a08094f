-- One row a seller and event. The event before since is among them, for
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
  with listed as (
    select
      e.item,
      e.event,
      e.event_time,
      e.event_time >= competitors.since as is_inside,
      s.*,
      o.your_price,
      coalesce(s.lowest < o.your_price, false) as is_below,
      case
        when w.seller_id = s.seller_id
          then extract(epoch from e.ends - greatest(e.event_time, competitors.since))
      end as held_seconds,
      extract(epoch from e.end_time - greatest(e.first_time, competitors.since)) as known_seconds
    from in_force() as i
    cross join (
      select
        e.*,
        coalesce(e.next_time, least(competitors.until, now())) as ends,
        least(competitors.until, now()) as end_time
      from offer_events(
        competitors.since, least(competitors.until, now()), competitors.asin
      ) as e
    ) as e
    cross join lateral (
      select
        array_agg(l) as offers,
        array_agg(l) filter (where l.is_buy_box_winner) as winners,
        min(l.landed_price) filter (where l.is_own) as your_price
      from listed_offers(e.raw_notification, i.own_sellers) as l
    ) as o
    cross join lateral buy_box_holder(o.winners) as w
    cross join lateral (
      select
        l.seller_id,
        min(l.landed_price) as lowest,
        count(*) as offers,
        count(*) filter (where l.is_fba) as by_amazon
      from unnest(o.offers) as l
      where l.seller_id is not null and not l.is_own
      group by l.seller_id
    ) as s
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
      max(l.event_time) over (partition by l.item, l.seller_id) >= competitors.since as is_counted
    from listed as l
    window seller as (partition by l.item, l.seller_id order by l.event)
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
'items he was listed in; last_seen: his last event.';
