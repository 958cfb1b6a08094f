-- What the summary adds to the offers: how many there are, and the buy box. It spans all
-- conditions, of which only the trigger's counts.
begin;
select plan(19);
\ir ../fixtures.psql

create temporary table cases (
  description text, item_condition text, offers jsonb, summary jsonb, expected jsonb
) on commit drop;
insert into cases values
(
  'counts are added over the channels', 'new', '[{}]',
  '{"NumberOfOffers": [
    {"Condition": "new", "FulfillmentChannel": "Amazon", "OfferCount": 4},
    {"Condition": "new", "FulfillmentChannel": "Merchant", "OfferCount": 21},
    {"Condition": "used", "FulfillmentChannel": "Merchant", "OfferCount": 100}
  ]}',
  '{"total_offers": 25}'
),
(
  'the offers listed count where there are more of them', 'new', '[{}, {}, {}]',
  '{"NumberOfOffers": [{"Condition": "new", "OfferCount": 2}]}',
  '{"total_offers": 3}'
),
(
  'a summary of other conditions counts none', 'used', '[{}, {}]',
  '{"NumberOfOffers": [{"Condition": "new", "OfferCount": 28}]}',
  '{"total_offers": 2}'
),
(
  'conditions compare without case: New and new', 'New', '[{}]',
  '{"NumberOfOffers": [
    {"Condition": "new", "OfferCount": 5}, {"Condition": "NEW", "OfferCount": 2}
  ]}',
  '{"total_offers": 7, "item_condition": "new"}'
),
(
  'conditions compare without case: used and Used', 'used', '[]',
  '{"NumberOfOffers": [{"Condition": "Used", "OfferCount": 5}],
    "BuyBoxPrices": [{"Condition": "USED", "LandedPrice": {"Amount": 7}}]}',
  '{"total_offers": 5, "buy_box_price": 7, "item_condition": "used"}'
),
(
  'without a condition in the trigger it is new', null, '[]',
  '{"NumberOfOffers": [{"Condition": "New", "OfferCount": 5}]}',
  '{"total_offers": 5, "item_condition": "new"}'
),
(
  'counts as strings', 'new', '[]',
  '{"NumberOfOffers": [{"Condition": "new", "OfferCount": "12"}]}',
  '{"total_offers": 12}'
),
(
  'an empty summary', 'new', '[{}]', '{}', '{"total_offers": 1, "buy_box_price": null}'
),
(
  'empty lists', 'new', '[{}]', '{"NumberOfOffers": [], "BuyBoxPrices": []}',
  '{"total_offers": 1, "buy_box_price": null}'
),
(
  'no summary', 'new', '[{}]', null, '{"total_offers": 1, "buy_box_price": null}'
),
(
  'the buy box''s landed price before its parts', 'new', '[]',
  '{"BuyBoxPrices": [{
    "Condition": "new", "LandedPrice": {"Amount": 14}, "ListingPrice": {"Amount": 12},
    "Shipping": {"Amount": 3}
  }]}',
  '{"buy_box_price": 14}'
),
(
  'listing + shipping where there is no landed price', 'new', '[]',
  '{"BuyBoxPrices": [{
    "Condition": "new", "ListingPrice": {"Amount": 12}, "Shipping": {"Amount": 3}
  }]}',
  '{"buy_box_price": 15}'
),
(
  'listing alone', 'new', '[]',
  '{"BuyBoxPrices": [{"Condition": "new", "ListingPrice": {"Amount": "12.50"}}]}',
  '{"buy_box_price": 12.5}'
),
(
  'the summary before the winning offer', 'new',
  '[{"ListingPrice": {"Amount": 9}, "IsBuyBoxWinner": true}]',
  '{"BuyBoxPrices": [
    {"Condition": "used", "LandedPrice": {"Amount": 5}},
    {"Condition": "New", "LandedPrice": {"Amount": 11}}
  ]}',
  '{"buy_box_price": 11, "market_low": 9}'
),
(
  'another condition''s buy box is none: the winning offer''s landed price', 'new',
  '[{"ListingPrice": {"Amount": 8}}, {
    "ListingPrice": {"Amount": 9}, "Shipping": {"Amount": 1}, "IsBuyBoxWinner": true
  }]',
  '{"BuyBoxPrices": [{"Condition": "used", "LandedPrice": {"Amount": 5}}]}',
  '{"buy_box_price": 10, "market_low": 8}'
),
(
  'the lowest of two winning offers', 'new',
  '[{"ListingPrice": {"Amount": 10}, "IsBuyBoxWinner": true},
    {"ListingPrice": {"Amount": 9.5}, "IsBuyBoxWinner": true},
    {"ListingPrice": {"Amount": 9}}]',
  null,
  '{"buy_box_price": 9.5}'
),
(
  'a winner without a price has none', 'new',
  '[{"IsBuyBoxWinner": true}, {"ListingPrice": {"Amount": 9}}]',
  null,
  '{"buy_box_price": null, "market_low": 9}'
);

select pg_temp.is_row(
  to_jsonb(analyze_notification(
    pg_temp.any_offer_changed(c.offers, c.summary, item_condition => c.item_condition)
  )),
  c.expected,
  c.description
)
from cases as c;

-- You are fourth of the four listed, 20 % above the lowest; the summary knows of one more.
select is(
  (analyze_notification(pg_temp.any_offer_changed(
    jsonb_build_array(
      pg_temp.offer('A1OWNSELLER001', 12), pg_temp.offer('A1RIVAL0000001', 10),
      pg_temp.offer('A1RIVAL0000002', 10), pg_temp.offer('A1RIVAL0000003', 10)
    ),
    t.summary::jsonb
  ))).severity,
  t.severity,
  'severity counts the summary''s offers: ' || t.severity
)
from (
  values
  ('{"NumberOfOffers": [{"Condition": "new", "OfferCount": 4}]}', 'warning'),
  ('{"NumberOfOffers": [{"Condition": "new", "OfferCount": 5}]}', 'high')
) as t (summary, severity);

select * from finish();
rollback;
