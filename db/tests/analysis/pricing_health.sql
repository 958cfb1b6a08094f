-- PRICING_HEALTH carries no offers: your landed price against the competitive price threshold, else
-- the buy box, tells how bad it is. At least 50 % above is critical, anything else is high.
begin;
select plan(22);
\ir ../fixtures.psql

select pg_temp.is_row(
  to_jsonb(analyze_notification(
    pg_temp.pricing_health(t.landed_price, t.threshold, t.buy_box_price)
  )),
  jsonb_build_object(
    'your_price', t.landed_price, 'market_low', t.market_low, 'severity', t.severity
  ),
  t.description
)
from (
  values
  (149.99, 100, null, 100, 'high', 'below 50 %'),
  (150, 100, null, 100, 'critical', 'at 50 %'),
  (150.01, 100, null, 100, 'critical', 'above 50 %'),
  (90, 100, null, 100, 'high', 'below the threshold'),
  (150, 101, 100, 101, 'high', 'the threshold before the buy box'),
  (150, 100, 101, 100, 'critical', 'the threshold even where the buy box would be milder'),
  (149.99, null, 100, 100, 'high', 'without a threshold the buy box: below 50 %'),
  (150, null, 100, 100, 'critical', 'without a threshold the buy box: at 50 %'),
  (150, null, null, null, 'high', 'nothing to compare with'),
  (null, 100, 100, 100, 'high', 'no offer of yours'),
  (null, null, null, null, 'high', 'nothing at all'),
  (150, 0, 100, 0, 'high', 'a threshold of 0 is no yardstick')
) as t (landed_price, threshold, buy_box_price, market_low, severity, description);

select pg_temp.is_row(
  to_jsonb(analyze_notification(pg_temp.pricing_health(12, 10, 11) || t.more::jsonb)),
  t.expected::jsonb,
  t.description
)
from (
  values
  (
    'no priced offers, no ranks', '{}',
    '{"notification_type": "PRICING_HEALTH", "asin": "B0TEST0001", "item_condition": "new",
      "marketplace": "A1F83G8C2ARO7P", "pricing_issue": "BuyBoxDisqualification",
      "your_position": null}'
  ),
  (
    'listing + shipping where merchantOffer has no landed price',
    '{"payload": {
      "issueType": "Other", "offerChangeTrigger": {"asin": "B0TEST0001", "itemCondition": "Used"},
      "merchantOffer": {"listingPrice": {"amount": 14}, "shipping": {"amount": 1}},
      "summary": {"referencePrice": {"competitivePriceThreshold": {"amount": 10}}}
    }}',
    '{"your_price": 15, "market_low": 10, "severity": "critical", "item_condition": "used",
      "pricing_issue": "Other", "marketplace": "A1F83G8C2ARO7P"}'
  ),
  (
    'the landed price as given, points or not',
    '{"payload": {
      "offerChangeTrigger": {"asin": "B0TEST0001", "marketplaceId": "A1VC38T7YXB528"},
      "merchantOffer": {
        "landedPrice": {"amount": 1500}, "listingPrice": {"amount": 1600},
        "points": {"pointsNumber": 100}
      },
      "summary": {"referencePrice": {"competitivePriceThreshold": {"amount": 1000}}}
    }}',
    '{"your_price": 1500, "market_low": 1000, "severity": "critical", "pricing_issue": null,
      "marketplace": "A1VC38T7YXB528", "item_condition": "new"}'
  ),
  (
    'the buy box of the trigger''s condition, compared without case',
    '{"payload": {
      "offerChangeTrigger": {"asin": "B0TEST0001", "itemCondition": "New"},
      "merchantOffer": {"landedPrice": {"amount": 15}},
      "summary": {"buyBoxPrices": [
        {"condition": "used", "landedPrice": {"amount": 5}},
        {"condition": "NEW", "listingPrice": {"amount": 9}, "shipping": {"amount": 1}}
      ]}
    }}',
    '{"your_price": 15, "market_low": 10, "severity": "critical"}'
  ),
  (
    'amounts as strings',
    '{"payload": {
      "offerChangeTrigger": {"asin": "B0TEST0001"},
      "merchantOffer": {"landedPrice": {"amount": "15.00"}},
      "summary": {"referencePrice": {"competitivePriceThreshold": {"amount": "10"}}}
    }}',
    '{"your_price": 15, "market_low": 10, "severity": "critical"}'
  ),
  (
    'PascalCase',
    '{"payload": null, "Payload": {
      "IssueType": "Other", "OfferChangeTrigger": {"ASIN": "B0TEST0002", "ItemCondition": "New"},
      "MerchantOffer": {"LandedPrice": {"Amount": 15}},
      "Summary": {"ReferencePrice": {"CompetitivePriceThreshold": {"Amount": 10}}}
    }}',
    '{"asin": "B0TEST0002", "your_price": 15, "market_low": 10, "severity": "critical",
      "pricing_issue": "Other"}'
  )
) as t (description, more, expected);

insert into severity_rules (name, critical_gap_pct) values ('test', 60);
update severity_rules set active = false where name = 'default';
update severity_rules set active = true where name = 'test';
select is(
  (analyze_notification(pg_temp.pricing_health(t.landed_price, 100))).severity,
  t.severity,
  format('%s where the active rules call 60 %% critical', t.landed_price)
)
from (
  values
  (150, 'high'),
  (159.99, 'high'),
  (160, 'critical'),
  (160.01, 'critical')
) as t (landed_price, severity);

select * from finish();
rollback;
