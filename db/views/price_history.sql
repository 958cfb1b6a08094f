create or replace view price_history as
select
  n.asin,
  n.marketplace,
  n.item_condition,
  least(n.event_time, n.received_at) as event_time,
  a.your_price,
  a.market_low,
  a.prime_low,
  a.buy_box_price,
  a.your_position,
  a.total_offers,
  a.buy_box_winner,
  a.currency,
  n.severity,
  n.message_id,
  n.dedupe_hash,
  a.competitive_price,
  a.buy_box_seller,
  a.buy_box_is_fba,
  a.buy_box_suppressed,
  a.sales_rank
from in_force() as i
cross join readable_notifications as n
cross join lateral analyze_offers(n.raw_notification, i.own_sellers) as a
where n.notification_type = 'ANY_OFFER_CHANGED';

comment on view price_history is
'Every ANY_OFFER_CHANGED notification with what it says. Order by event_time (and dedupe_hash) '
'per asin, marketplace and item_condition. Prices are landed, in currency, not rounded; severity '
'as stored.';
