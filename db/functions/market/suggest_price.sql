-- Prices are rounded first, as current_state keeps those that they are compared with.
create or replace function suggest_price(state current_state)
returns table (
  asin text,
  marketplace text,
  item_condition text,
  title text,
  your_price numeric,
  shipping numeric,
  rank_1 numeric,
  top numeric,
  buy_box_price numeric,
  competitive_price numeric,
  reference_price numeric,
  suggested_price numeric,
  reason text,
  at_floor boolean
)
language sql stable parallel safe
begin atomic
  with listed as (
    select
      c.asin,
      c.marketplace,
      c.item_condition,
      i.title,
      c.buy_box_price,
      c.buy_box_winner,
      c.buy_box_seller,
      c.buy_box_is_fba,
      c.competitive_price,
      c.reference_price,
      case when c.pricing_issue_time >= c.event_time then c.reference_price end as known_reference,
      case when c.item_condition = 'new' then i.floor_price end as floor_price,
      round((o.own).listing_price, 2) as listing_price,
      round((o.own).shipping, 2) as shipping,
      round((o.own).landed_price, 2) as your_price,
      round(o.others[1], 2) as rank_1,
      round(o.others[(f.rules).success_max_position], 2) as top
    from (select (suggest_price.state).*) as c
    inner join worker_notifications as n on c.offers_dedupe_hash collate "default" = n.dedupe_hash
    left join items as i on c.asin = i.asin and c.marketplace = i.marketplace
    cross join in_force() as f
    cross join lateral (
      select
        -- of level ones, the one by FBA
        (
          array_agg(l order by l.landed_price asc, l.is_fba desc, l.listing_price asc)
          filter (where l.is_own)
        )[1] as own,
        array_agg(l.landed_price order by l.landed_price) filter (where not l.is_own) as others
      from listed_offers(n.raw_notification, f.own_sellers) as l
      where l.landed_price is not null
    ) as o
    where (o.own).landed_price is not null
  ),

  -- what to match: the least of what Amazon compares with, else the lowest of the others
  compared as (
    select
      l.*,
      coalesce(
        least(l.buy_box_price, l.competitive_price, l.known_reference), l.rank_1
      ) as target
    from listed as l
  ),

  -- what buyers pay beside the listing price stays as it is
  matched as (
    select
      c.*,
      c.target - (c.your_price - c.listing_price) as matching,
      case c.target
        when c.buy_box_price then 'the buy box'
        when c.competitive_price then 'the competitive price'
        when c.known_reference then 'the reference price'
        else 'the lowest other offer'
      end || ' at ' || c.target || case
        when c.target = c.buy_box_price and c.buy_box_seller is not null
          then format(' (%s%s)', c.buy_box_seller, case when c.buy_box_is_fba then ', FBA' end)
        else ''
      end as rival,
      coalesce(
        ' with your ' || nullif(
          concat_ws(
            ' and ',
            case when c.shipping > 0 then c.shipping || ' shipping' end,
            case
              when c.listing_price + c.shipping > c.your_price
                then trim_scale(c.listing_price + c.shipping - c.your_price) || ' points'
            end
          ),
          ''
        ),
        ''
      ) as beside
    from compared as c
  ),

  suggested as (
    select
      m.*,
      case
        when m.buy_box_winner or m.your_price <= m.target or m.matching <= 0 then null
        when coalesce(m.floor_price <= m.matching, true) then m.matching
        when m.floor_price < m.listing_price then m.floor_price
      end as price
    from matched as m
  )

  select
    s.asin,
    s.marketplace,
    s.item_condition,
    s.title,
    s.your_price,
    s.shipping,
    s.rank_1,
    s.top,
    s.buy_box_price,
    s.competitive_price,
    s.reference_price,
    s.price as suggested_price,
    case
      when s.buy_box_winner then 'you hold the buy box' || coalesce(' at ' || s.buy_box_price, '')
      when s.target is null then 'nothing is known to compare with'
      when s.your_price <= s.target then format(
        'your %s is at or under %s already: price is not what keeps you out', s.your_price, s.rival
      )
      when s.matching <= 0 then format('nothing above 0 is left to match %s%s', s.rival, s.beside)
      when s.price is null then format(
        'your floor price of %s is not under your listing price of %s',
        s.floor_price, s.listing_price
      )
      when s.price > s.matching then format(
        'list at your floor price of %s%s: matching %s would take %s',
        s.price, s.beside, s.rival, s.matching
      )
      else format('match %s: list at %s%s', s.rival, s.price, s.beside)
    end as reason,
    coalesce(s.price > s.matching, false) as at_floor
  from suggested as s;
end;

comment on function suggest_price(current_state) is
'The row of price_to_win() for this row of current_state; none where you have no offer.';
