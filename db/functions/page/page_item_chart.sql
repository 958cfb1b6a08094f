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
  select e.event_time, null, null, null, null, e.severity, a.pricing_issue
  from in_force() as i
  cross join item_events as e
  cross join lateral analyze_under(e.raw_notification, i.rules, i.own_sellers) as a
  where e.notification_type = 'PRICING_HEALTH'
    and e.asin = page_item_chart.asin
    and e.marketplace = page_item_chart.marketplace
    and e.item_condition = page_item_chart.item_condition
    and e.event_time >= now() - make_interval(days => page_item_chart.days)
  union all
  select a.event_time, null, null, null, null, a.severity, 'alert: ' || a.headline
  from alerts as a
  where a.asin = page_item_chart.asin
    and a.marketplace = page_item_chart.marketplace
    and a.item_condition = page_item_chart.item_condition
    and a.event_time >= now() - make_interval(days => page_item_chart.days)
  order by event_time
$$;

comment on function page_item_chart(text, text, text, integer) is
'Prices. Landed prices since so many days; shaded while you held the buy box; the strip is the '
'severity; marked are Amazon''s pricing issues and your alerts.';
