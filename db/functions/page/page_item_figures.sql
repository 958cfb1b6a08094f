create or replace function page_item_figures(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new'
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
  your_price_note text,
  market_low numeric,
  market_low_note text,
  buy_box_price numeric,
  buy_box_price_note text,
  prime_low numeric,
  competitive_price numeric,
  reference_price numeric,
  reference_price_note text,
  sales_rank bigint,
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
    'position ' || c.your_position || ' of ' || c.total_offers as your_price_note,
    c.market_low,
    n.market_low_note,
    c.buy_box_price,
    n.buy_box_price_note,
    c.prime_low,
    c.competitive_price,
    c.reference_price,
    c.pricing_issue as reference_price_note,
    c.sales_rank,
    n.updated
  from state_of(
    page_item_figures.asin, page_item_figures.marketplace, page_item_figures.item_condition
  ) as c
  cross join lateral item_notes(c) as n
$$;

comment on function page_item_figures(text, text, text) is
'Now. The item as it stands: landed prices, who holds the buy box, and what Amazon compares with.';
