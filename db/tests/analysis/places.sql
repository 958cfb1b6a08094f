-- The places and spellings where a fact may stand when it does not stand where Amazon puts it.
begin;
select plan(7);

create temporary table said on commit drop as
select
  t.description,
  analyze_notification(
    '{"notificationType": "ANY_OFFER_CHANGED", "eventTime": "2024-01-01T00:00:00Z"}'
    || t.more::jsonb
  ) as a
from (
  values
  (
    'the ASIN beside the offers, in another summary',
    '{"payload": {
      "anyOfferChangedNotification": {"offerChangeSummary": {"offers": [
        {"sellerId": "A1RIVAL0000001", "listingPrice": {"amount": 10}}
      ]}},
      "offerChangeSummary": {"asin": "B0TEST0001"}
    }}'
  ),
  (
    'the ASIN in Payload, the offers in payload',
    '{"Payload": {"ASIN": "B0TEST0001"}, "payload": {
      "anyOfferChangedNotification": {"offerChangeSummary": {"offers": [
        {"sellerId": "A1RIVAL0000001", "listingPrice": {"amount": 10}}
      ]}}
    }}'
  ),
  (
    'a null in one spelling, a value in the other',
    '{"payload": {"anyOfferChangedNotification": {
      "offerChangeTrigger": {"ASIN": null, "asin": "B0TEST0001"},
      "offers": [{"sellerId": "A1RIVAL0000001", "listingPrice": {"amount": 10}}]
    }}}'
  ),
  (
    'a buy box whose landed price has no amount',
    '{"payload": {"anyOfferChangedNotification": {
      "offerChangeTrigger": {"asin": "B0TEST0001"},
      "offers": [{"sellerId": "A1RIVAL0000001", "listingPrice": {"amount": 10}}],
      "summary": {"buyBoxPrices": [{
        "condition": "new", "landedPrice": {"amount": null},
        "listingPrice": {"amount": 7}, "shipping": {"amount": 1}
      }]}
    }}}'
  )
) as t (description, more);

select is((s.a).asin, 'B0TEST0001', s.description) from said as s;
select is((s.a).total_offers, 1, s.description || ': its offer counts')
from said as s
where s.description like '%summary' or s.description like '%Payload%';
select is((s.a).buy_box_price, 8::numeric, 'it is listing and shipping')
from said as s
where s.description like '%landed price%';

select * from finish();
rollback;
