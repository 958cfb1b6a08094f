create or replace function page_items(
  severity text default null,
  marketplace text default null,
  search text default null,
  sort text default 'severity',
  page integer default 1
)
returns table (
  severity text,
  severity_note text,
  asin text,
  title text,
  marketplace text,
  marketplace_note text,
  item_condition text,
  currency text,
  your_price numeric,
  market_low numeric,
  gap_pct numeric,
  buy_box_price numeric,
  buy_box_price_note text,
  your_position integer,
  your_position_note text,
  sales_rank bigint,
  updated timestamptz,
  total bigint
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    c.severity,
    case when c.pricing_issue_time >= c.event_time then c.pricing_issue end as severity_note,
    c.asin,
    i.title,
    c.marketplace,
    marketplace_country(c.marketplace) as marketplace_note,
    c.item_condition,
    c.currency,
    c.your_price,
    c.market_low,
    round(price_gap(c.your_price, c.market_low), 1) as gap_pct,
    c.buy_box_price,
    buy_box_note(
      c.buy_box_winner, c.buy_box_seller, c.buy_box_is_fba, c.buy_box_suppressed
    ) as buy_box_price_note,
    c.your_position,
    'of ' || c.total_offers as your_position_note,
    c.sales_rank,
    greatest(c.event_time, c.pricing_issue_time) as updated,
    n.items as total
  from sorted_items(
    page_items.severity, page_items.marketplace, page_items.search, page_items.sort,
    page_items.page
  ) with ordinality as c
  cross join (
    select count(*) as items
    from find_items(page_items.severity, page_items.marketplace, page_items.search)
  ) as n
  left join items as i on c.asin = i.asin and c.marketplace = i.marketplace
  order by c.ordinality
$$;

comment on function page_items(text, text, text, text, integer) is
'Items. The worst first, a hundred a page. Prices are landed, what the buyer pays; the gap is your '
'price above the market''s lowest, in percent.';
