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
    case when c.pricing_issue_time >= c.event_time then c.pricing_issue end as severity_note,
    c.asin,
    i.title,
    c.marketplace,
    marketplace_country(c.marketplace) as marketplace_note,
    c.item_condition,
    c.currency,
    c.your_price,
    'position ' || c.your_position || ' of ' || c.total_offers as your_price_note,
    c.market_low,
    market_low_note(c.your_price, c.market_low) as market_low_note,
    c.buy_box_price,
    buy_box_note(
      c.buy_box_winner, c.buy_box_seller, c.buy_box_is_fba, c.buy_box_suppressed
    ) as buy_box_price_note,
    c.prime_low,
    c.competitive_price,
    c.reference_price,
    c.pricing_issue as reference_price_note,
    c.sales_rank,
    greatest(c.event_time, c.pricing_issue_time) as updated
  from state_of(
    page_item_figures.asin, page_item_figures.marketplace, page_item_figures.item_condition
  ) as c
  left join items as i on c.asin = i.asin and c.marketplace = i.marketplace
$$;

comment on function page_item_figures(text, text, text) is
'Now. The item as it stands: landed prices, who holds the buy box, and what Amazon compares with.';
