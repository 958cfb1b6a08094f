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
  market_low_note text,
  buy_box_price numeric,
  buy_box_price_note text,
  your_position integer,
  your_position_note text,
  sales_rank bigint,
  suggested_price numeric,
  suggested_price_note text,
  updated timestamptz
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    c.severity,
    n.severity_note,
    c.asin,
    n.title,
    c.marketplace,
    n.marketplace_note,
    c.item_condition,
    c.currency,
    c.your_price,
    c.market_low,
    n.market_low_note,
    c.buy_box_price,
    n.buy_box_price_note,
    c.your_position,
    'of ' || c.total_offers as your_position_note,
    c.sales_rank,
    p.suggested_price,
    case when c.severity <> 'success' or p.suggested_price is not null then p.reason end,
    n.updated
  from (
    select f as item, row_number() over () as place
    from sorted_items(
      page_items.severity, page_items.marketplace, page_items.search, page_items.sort,
      page_items.page
    ) as f
  ) as s
  cross join lateral (select (s.item).*) as c
  cross join lateral item_notes(s.item) as n
  left join lateral suggest_price(s.item) as p on true
  order by s.place
$$;

comment on function page_items(text, text, text, text, integer) is
'Items. The worst first. Prices are landed, what the buyer pays; the suggested price is what to '
'list at.';
