-- What each published example comes to, worked out by hand.
begin;
select plan(12);
\ir ../fixtures.psql
\ir ../samples.psql
set local timezone = 'UTC';

create temporary table expected (name text, analysis jsonb) on commit drop;
insert into expected values
-- Neither offer is yours. The summary speaks of new offers, the trigger of collectible ones.
('any-offer-changed.docs', '{
  "notification_type": "ANY_OFFER_CHANGED",
  "asin": "b0sampLe01",
  "marketplace": "marketplaceId",
  "item_condition": "collectible",
  "event_time": "2020-01-11T00:09:53.109+00:00",
  "publish_time": "2020-01-11T00:02:50.501+00:00",
  "amazon_notification_id": "00000003-0000-4000-8000-000000000000",
  "your_price": null,
  "market_low": 28.59,
  "prime_low": null,
  "buy_box_price": null,
  "your_position": null,
  "total_offers": 2,
  "buy_box_winner": false,
  "currency": "USD",
  "pricing_issue": null,
  "severity": "info"
}'),
-- Both offers are yours: 29.99 + 0.00 by Amazon, which wins, and 24.99 + 4.99 = 29.98 by yourself.
('any-offer-changed.minimal', '{
  "notification_type": "ANY_OFFER_CHANGED",
  "asin": "B0SAMPLE02",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2024-01-15T10:30:00+00:00",
  "publish_time": null,
  "amazon_notification_id": null,
  "your_price": 29.98,
  "market_low": 29.98,
  "prime_low": 29.99,
  "buy_box_price": 29.99,
  "your_position": 1,
  "total_offers": 2,
  "buy_box_winner": true,
  "currency": "USD",
  "pricing_issue": null,
  "severity": "success"
}'),
-- A rival's 23 + 110 = 133, whose points count in Japan only; 10 new offers, the 21 are used ones.
('any-offer-changed.models', '{
  "notification_type": "ANY_OFFER_CHANGED",
  "asin": "B03",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2020-07-13T19:42:04.284+00:00",
  "publish_time": "2020-07-13T19:42:04.284+00:00",
  "amazon_notification_id": "00000004-0000-4000-8000-000000000000",
  "your_price": null,
  "market_low": 133,
  "prime_low": 133,
  "buy_box_price": 10,
  "your_position": null,
  "total_offers": 10,
  "buy_box_winner": false,
  "currency": "USD",
  "pricing_issue": null,
  "severity": "info"
}'),
-- Yours alone, 20 + 1 = 21, at the first position though the buy box is at 10.
('any-offer-changed.no-metadata', '{
  "notification_type": "ANY_OFFER_CHANGED",
  "asin": "B0SAMPLE04",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2023-07-31T20:41:15.002+00:00",
  "publish_time": null,
  "amazon_notification_id": null,
  "your_price": 21,
  "market_low": 21,
  "prime_low": null,
  "buy_box_price": 10,
  "your_position": 1,
  "total_offers": 1,
  "buy_box_winner": false,
  "currency": "USD",
  "pricing_issue": null,
  "severity": "success"
}'),
-- The business market has prices of its own: nothing is made of them.
('b2b-any-offer-changed.docs-camelcase', '{
  "notification_type": "B2B_ANY_OFFER_CHANGED",
  "asin": "B0SAMPLE05",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2020-09-23T21:30:13.713+00:00",
  "publish_time": "2020-09-23T21:30:16.903+00:00",
  "amazon_notification_id": "00000007-0000-4000-8000-000000000000",
  "your_price": null,
  "market_low": null,
  "your_position": null,
  "total_offers": null,
  "pricing_issue": null,
  "severity": "info"
}'),
('b2b-any-offer-changed.pascalcase', '{
  "notification_type": "B2B_ANY_OFFER_CHANGED",
  "asin": "B0SAMPLE05",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2020-09-23T21:30:13.713+00:00",
  "publish_time": "2020-09-23T21:30:16.903+00:00",
  "amazon_notification_id": "00000007-0000-4000-8000-000000000000",
  "your_price": null,
  "market_low": null,
  "your_position": null,
  "total_offers": null,
  "pricing_issue": null,
  "severity": "info"
}'),
-- Its ASIN stands right in Payload; it speaks of two marketplaces, so of none in particular.
('other.fba_inventory_availability_change', '{
  "notification_type": "FBA_INVENTORY_AVAILABILITY_CHANGES",
  "asin": "B0SAMPLE06",
  "marketplace": "A1F83G8C2ARO7P",
  "event_time": "2020-07-13T19:42:04.284+00:00",
  "publish_time": "2020-07-13T19:42:04.284+00:00",
  "amazon_notification_id": "00000004-0000-4000-8000-000000000000",
  "severity": "info"
}'),
('other.feed_processing_finished', '{
  "notification_type": "FEED_PROCESSING_FINISHED",
  "asin": null,
  "event_time": "2020-07-13T19:42:04.284+00:00",
  "publish_time": "2020-07-13T19:42:04.284+00:00",
  "amazon_notification_id": "00000004-0000-4000-8000-000000000000",
  "severity": "info"
}'),
('other.order_change', '{
  "notification_type": "ORDER_CHANGE",
  "asin": null,
  "event_time": "2023-10-03T01:35:06.382+00:00",
  "publish_time": "2023-10-03T01:35:07.931+00:00",
  "amazon_notification_id": "e9b0f38412345",
  "severity": "info"
}'),
-- 8188.72 lies 2.36 % above the threshold, 8000.
('pricing-health.models', '{
  "notification_type": "PRICING_HEALTH",
  "asin": "B0SAMPLE05",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2020-09-23T21:30:13.713+00:00",
  "publish_time": "2020-09-23T21:30:16.903+00:00",
  "amazon_notification_id": "00000007-0000-4000-8000-000000000000",
  "your_price": 8188.72,
  "market_low": 8000,
  "pricing_issue": "BuyBoxDisqualification",
  "severity": "high"
}'),
-- 1300 lies 32.65 % above the threshold, 980; the buy box, at 1000, is not asked.
('pricing-health.no-metadata', '{
  "notification_type": "PRICING_HEALTH",
  "asin": "B0SAMPLE04",
  "marketplace": "ATVPDKIKX0DER",
  "item_condition": "new",
  "event_time": "2020-09-23T21:30:13.713+00:00",
  "publish_time": null,
  "amazon_notification_id": null,
  "your_price": 1300,
  "market_low": 980,
  "pricing_issue": "BuyBoxDisqualification",
  "severity": "high"
}');

select set_eq(
  'select name from samples', 'select name from expected', 'every example has its expectation'
);

select pg_temp.is_row(to_jsonb(analyze_notification(s.body::jsonb)), e.analysis, s.name)
from samples as s
inner join expected as e on s.name = e.name
order by s.name;

select * from finish();
rollback;
