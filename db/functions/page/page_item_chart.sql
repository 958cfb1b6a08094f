create or replace function page_item_chart(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new',
  days integer default 30
)
returns table (
  event_time timestamptz,
  your_price numeric,
  market_low numeric,
  buy_box_price numeric,
  you_hold_the_buy_box boolean,
  severity text,
  mark text
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    h.event_time,
    round(h.your_price, 2) as your_price,
    round(h.market_low, 2) as market_low,
    round(h.buy_box_price, 2) as buy_box_price,
    h.buy_box_winner as you_hold_the_buy_box,
    h.severity,
    null as mark
  from price_history as h
  where h.asin = page_item_chart.asin
    and h.marketplace = page_item_chart.marketplace
    and h.item_condition = page_item_chart.item_condition
    and h.event_time >= now() - make_interval(days => page_item_chart.days)
  union all
  select
    effective_time(n.event_time, n.received_at), null, null, null, null, n.severity,
    analyze_stored.pricing_issue
  from worker_notifications as n
  cross join lateral analyze_stored(n.raw_notification)
  where n.notification_type = 'PRICING_HEALTH'
    and n.asin = page_item_chart.asin
    and n.marketplace = page_item_chart.marketplace
    and n.item_condition = page_item_chart.item_condition
    and effective_time(n.event_time, n.received_at) >= now() - make_interval(days => page_item_chart.days)
  order by event_time
$$;

comment on function page_item_chart(text, text, text, integer) is
'Prices. Landed prices since so many days; shaded while you held the buy box; the strip is the '
'severity; marked are Amazon''s pricing issues and your alerts.';
