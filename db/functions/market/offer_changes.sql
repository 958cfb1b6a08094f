-- One row an offer listed, and windows over it: the event after is the next group of rows of the
-- item, the offer before is the row before of the same (seller, FBA).
create or replace function offer_changes(
  since timestamptz, until timestamptz, asin text default null
)
returns table (
  event_time timestamptz,
  asin text,
  marketplace text,
  item_condition text,
  seller_id text,
  is_fba boolean,
  is_own boolean,
  change text,
  old_price numeric,
  new_price numeric,
  rank integer
)
language sql stable parallel safe
begin atomic
  with listed as (
    select
      e.asin,
      e.marketplace,
      e.item_condition,
      e.event_time,
      o.seller_id,
      o.is_fba,
      o.is_own,
      o.landed_price,
      o.is_buy_box_winner,
      o.rank,
      dense_rank() over item as event,
      max(e.event_time) over next_event as next_time,
      count(o.ordinal) over next_event as next_listed
    from offer_events(offer_changes.since, offer_changes.until, offer_changes.asin) as e
    left join lateral extract_offers(e.raw_notification) as o on true
    window
      item as (
        partition by e.asin, e.marketplace, e.item_condition
        order by e.event_time, e.dedupe_hash collate "C"
      ),
      next_event as (item groups between 1 following and 1 following)
  ),

  -- An offer is known by its seller and who fulfills it; where he lists several, by the lowest.
  lowest as (
    select distinct on (l.asin, l.marketplace, l.item_condition, l.seller_id, l.is_fba, l.event) l.*
    from listed as l
    where l.seller_id is not null and l.landed_price is not null
    order by
      l.asin asc, l.marketplace asc, l.item_condition asc, l.seller_id asc, l.is_fba asc,
      l.event asc, l.landed_price asc, l.is_buy_box_winner desc
  ),

  neighbours as (
    select
      l.*,
      coalesce(lag(l.event) over offer = l.event - 1, false) as was_there,
      lag(l.landed_price) over offer as old_price,
      lag(l.is_buy_box_winner) over offer as had_won,
      coalesce(lead(l.event) over offer = l.event + 1, false) as stays
    from lowest as l
    window offer as (
      partition by l.asin, l.marketplace, l.item_condition, l.seller_id, l.is_fba order by l.event
    )
  )

  select
    case when c.gone then l.next_time else l.event_time end as event_time,
    l.asin,
    l.marketplace,
    l.item_condition,
    l.seller_id,
    l.is_fba,
    l.is_own,
    c.change,
    case when c.gone then l.landed_price when l.was_there then l.old_price end as old_price,
    case when not c.gone then l.landed_price end as new_price,
    case when not c.gone then l.rank end as rank
  from neighbours as l
  cross join lateral (
    values
    ('appeared', false, l.event > 1 and not l.was_there),
    ('price', false, l.was_there and l.landed_price <> l.old_price),
    (
      'buy_box_won', false,
      l.event > 1 and l.is_buy_box_winner and not (l.was_there and l.had_won)
    ),
    ('buy_box_lost', false, l.was_there and l.had_won and not l.is_buy_box_winner),
    -- Amazon lists 20 at most: who is missing from so many may only have fallen out of them.
    ('left', true, not l.stays and l.next_listed < 20),
    ('unlisted', true, not l.stays and l.next_listed >= 20),
    ('buy_box_lost', true, not l.stays and l.is_buy_box_winner)
  ) as c (change, gone, is_so)
  where c.is_so and (not c.gone or l.next_time is not null)
  order by
    event_time, l.asin, l.marketplace, l.item_condition, rank, l.seller_id, l.is_fba, c.change;
end;

comment on function offer_changes(timestamptz, timestamptz, text) is
'What changed among the offers of an item from one ANY_OFFER_CHANGED to the next, the later of '
'which is of since <= event_time < until; of one ASIN or of all. A row a change: appeared, left, '
'unlisted (20 are listed: he may only have fallen out of them), price, buy_box_won or '
'buy_box_lost; one offer may give several. Offers are matched by seller and FBA, the lowest where '
'there are several; one without seller or price counts as not there. old_price and new_price are '
'landed, in currency, not rounded, null where there was or is none; rank is the one after. An '
'item''s first notification is no change. '
'Example: select * from offer_changes(now() - interval ''1 day'', now(), ''B0DEMO0012'')';
