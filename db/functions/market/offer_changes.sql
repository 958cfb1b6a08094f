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
  with offers as (
    select
      e.asin,
      e.marketplace,
      e.item_condition,
      e.event_time,
      e.item,
      e.event,
      e.next_time,
      o.seller_id,
      o.is_fba,
      o.is_own,
      o.landed_price,
      o.is_buy_box_winner,
      rank() over (partition by e.item, e.event order by o.landed_price)::integer as rank,
      count(o.ordinal) over (
        partition by e.item order by e.event groups between 1 following and 1 following
      ) as next_listed
    from in_force() as i
    cross join offer_events(offer_changes.since, offer_changes.until, offer_changes.asin) as e
    left join lateral listed_offers(e.raw_notification, i.own_sellers) as o on true
  ),

  -- An offer is known by its seller and who fulfills it; where he lists several, by the lowest.
  known as (
    select distinct on (o.item, o.event, o.seller_id, o.is_fba) o.*
    from offers as o
    where o.seller_id is not null and o.landed_price is not null
    order by
      o.item asc, o.event asc, o.seller_id asc, o.is_fba asc, o.landed_price asc,
      o.is_buy_box_winner desc
  )

  select
    coalesce(new.event_time, old.next_time) as event_time,
    coalesce(new.asin, old.asin) as asin,
    coalesce(new.marketplace, old.marketplace) as marketplace,
    coalesce(new.item_condition, old.item_condition) as item_condition,
    coalesce(new.seller_id, old.seller_id) as seller_id,
    coalesce(new.is_fba, old.is_fba) as is_fba,
    coalesce(new.is_own, old.is_own) as is_own,
    c.change,
    old.landed_price as old_price,
    new.landed_price as new_price,
    new.rank
  from known as old
  full join known as new
    on old.item = new.item
      and old.event = new.event - 1
      and old.seller_id = new.seller_id
      and old.is_fba = new.is_fba
  cross join lateral (
    values
    (
      case
        when old.event is null then 'appeared'
        -- Amazon lists 20 at most: who is missing from so many may only have fallen out of them.
        when new.event is null then case when old.next_listed < 20 then 'left' else 'unlisted' end
        when old.landed_price <> new.landed_price then 'price'
      end
    ),
    (
      case
        when new.is_buy_box_winner and old.is_buy_box_winner is not true then 'buy_box_won'
        when old.is_buy_box_winner and new.is_buy_box_winner is not true then 'buy_box_lost'
      end
    )
  ) as c (change)
  where c.change is not null and (new.event > 1 or old.next_time is not null)
  order by event_time, coalesce(new.item, old.item), rank, seller_id, is_fba, c.change;
end;

comment on function offer_changes(timestamptz, timestamptz, text) is
'What changed among the offers of an item from one ANY_OFFER_CHANGED to the next, the later of '
'which is of since <= event_time < until; of one ASIN or of all. A row a change: appeared, left, '
'unlisted (20 are listed: he may only have fallen out of them), price, buy_box_won or '
'buy_box_lost; one offer may give several. Offers are matched by seller and FBA, the lowest where '
'there are several; one without seller or price counts as not there. old_price and new_price are '
'landed, in currency, not rounded, null where there was or is none; rank is the one after. An '
'item''s first notification is no change.';
