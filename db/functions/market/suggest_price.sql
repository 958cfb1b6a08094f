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
  select
    c.asin,
    c.marketplace,
    c.item_condition,
    i.title,
    o.your_price,
    o.shipping,
    o.rank_1,
    o.top,
    c.buy_box_price,
    c.competitive_price,
    c.reference_price,
    s.price as suggested_price,
    case
      when c.buy_box_winner then 'you hold the buy box' || coalesce(' at ' || c.buy_box_price, '')
      when t.price is null then 'nothing is known to compare with'
      when o.your_price <= t.price then format(
        'your %s is at or under %s already: price is not what keeps you out', o.your_price, t.name
      )
      when m.price <= 0 then format('nothing above 0 is left to match %s%s', t.name, m.beside)
      when s.price is null then format(
        'your floor price of %s is not under your listing price of %s', f.price, o.listing_price
      )
      when s.price > m.price then format(
        'stay at your floor price: list at %s%s, for %s, which matches %s, is under it',
        s.price, m.beside, m.price, t.name
      )
      else format('match %s: list at %s%s', t.name, s.price, m.beside)
    end as reason,
    coalesce(s.price > m.price, false) as at_floor
  from (select (suggest_price.state).*) as c
  inner join worker_notifications as n on c.offers_dedupe_hash collate "default" = n.dedupe_hash
  left join items as i on c.asin = i.asin and c.marketplace = i.marketplace
  cross join find_rules() as rules
  cross join lateral (
    select
      round(max(x.listing_price) filter (where x.is_own and x.place = 1), 2) as listing_price,
      round(max(x.shipping) filter (where x.is_own and x.place = 1), 2) as shipping,
      round(max(x.landed_price) filter (where x.is_own and x.place = 1), 2) as your_price,
      round(min(x.landed_price) filter (where not x.is_own), 2) as rank_1,
      round(
        max(x.landed_price) filter (where not x.is_own and x.place = rules.success_max_position), 2
      ) as top
    from (
      select
        l.*,
        row_number() over (
          partition by l.is_own order by l.landed_price, l.is_fba desc, l.listing_price
        ) as place
      from extract_offers(n.raw_notification) as l
      where l.landed_price is not null
    ) as x
  ) as o
  -- what to match: the least of what Amazon compares with, else the lowest of the others
  cross join lateral (
    select
      case when c.pricing_issue_time >= c.event_time then c.reference_price end as reference_price
  ) as known
  cross join lateral (
    select
      coalesce(
        least(c.buy_box_price, c.competitive_price, known.reference_price), o.rank_1
      ) as price
  ) as target
  cross join lateral (
    select
      target.price,
      case target.price
        when c.buy_box_price then 'the buy box'
        when c.competitive_price then 'the competitive price'
        when known.reference_price then 'the reference price'
        else 'the lowest other offer'
      end || ' at ' || target.price || case
        when target.price = c.buy_box_price and c.buy_box_seller is not null
          then format(' (%s%s)', c.buy_box_seller, case when c.buy_box_is_fba then ', FBA' end)
        else ''
      end as name
  ) as t
  -- what buyers pay beside the listing price stays as it is
  cross join lateral (
    select
      t.price - (o.your_price - o.listing_price) as price,
      coalesce(
        ' with your ' || nullif(
          concat_ws(
            ' and ',
            case when o.shipping > 0 then o.shipping || ' shipping' end,
            case
              when o.listing_price + o.shipping > o.your_price
                then trim_scale(o.listing_price + o.shipping - o.your_price) || ' points'
            end
          ),
          ''
        ),
        ''
      ) as beside
  ) as m
  cross join lateral (
    select case when c.item_condition = 'new' then i.floor_price end as price
  ) as f
  cross join lateral (
    select
      case
        when c.buy_box_winner or o.your_price <= t.price or m.price <= 0 then null
        when coalesce(f.price <= m.price, true) then m.price
        when f.price < o.listing_price then f.price
      end as price
  ) as s
  where o.your_price is not null;
end;

comment on function suggest_price(current_state) is
'One row of price_to_win(), for this row of current_state; none where you have no offer.';
