create or replace view item_now as
select
  c.asin,
  c.marketplace,
  c.item_condition,
  i.title,
  i.sku,
  c.severity,
  c.your_price,
  c.market_low,
  round(price_gap(c.your_price, c.market_low), 2) as gap_pct,
  c.your_position,
  c.total_offers,
  c.buy_box_winner,
  c.buy_box_price,
  c.buy_box_seller,
  c.buy_box_is_fba,
  c.buy_box_suppressed,
  c.prime_low,
  c.competitive_price,
  c.sales_rank,
  c.pricing_issue,
  c.pricing_issue_time,
  c.reference_price,
  c.currency,
  c.event_time,
  floor(extract(epoch from now() - c.event_time) / 60)::integer as minutes_ago,
  p.suggested_price,
  p.at_floor,
  p.reason,
  i.floor_price,
  c.last_notification_id,
  c.last_updated
from current_state as c
left join items as i on c.asin = i.asin and c.marketplace = i.marketplace
left join lateral suggest_price(c) as p on true;

comment on view item_now is
'current_state for people: with what items says of it, gap_pct (how far your price lies above the '
'market''s lowest, in percent of that), minutes_ago (whole minutes since event_time) and what '
'price_to_win() suggests.';
