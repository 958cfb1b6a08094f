-- Which item a notification is about, and what type it is of: every place an ASIN, a marketplace
-- and a condition are looked for.
begin;
select plan(27);
\ir ../fixtures.psql

select pg_temp.is_row(
  to_jsonb(analyze_notification(t.notification::jsonb)), t.expected::jsonb, t.description
)
from (
  values
  (
    'Amazon''s PascalCase',
    '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {"AnyOfferChangedNotification": {
      "OfferChangeTrigger": {
        "ASIN": "B0TEST0001", "MarketplaceId": "APJ6JRA9NG5V4", "ItemCondition": "Used"
      }
    }}}',
    '{"notification_type": "ANY_OFFER_CHANGED", "asin": "B0TEST0001",
      "marketplace": "APJ6JRA9NG5V4", "item_condition": "used"}'
  ),
  (
    'Amazon''s camelCase',
    '{"notificationType": "ANY_OFFER_CHANGED", "payload": {"anyOfferChangedNotification": {
      "offerChangeTrigger": {
        "asin": "B0TEST0001", "marketplaceId": "APJ6JRA9NG5V4", "itemCondition": "used"
      }
    }}}',
    '{"notification_type": "ANY_OFFER_CHANGED", "asin": "B0TEST0001",
      "marketplace": "APJ6JRA9NG5V4", "item_condition": "used"}'
  ),
  (
    'the original''s test messages',
    '{"notificationType": "ANY_OFFER_CHANGED", "payload": {
      "marketplaceId": "APJ6JRA9NG5V4",
      "anyOfferChangedNotification": {"asin": "B0TEST0001", "offerChangeSummary": {"offers": []}}
    }}',
    '{"asin": "B0TEST0001", "marketplace": "APJ6JRA9NG5V4", "item_condition": "new",
      "total_offers": 0}'
  ),
  (
    'payload.offerChangeSummary.asin',
    '{"notificationType": "ANY_OFFER_CHANGED", "payload": {
      "offerChangeSummary": {"asin": "B0TEST0001", "offers": [
        {"sellerId": "A2D8NG39VURSL3", "listingPrice": {"amount": 7}}
      ]}
    }}',
    '{"asin": "B0TEST0001", "your_price": 7, "total_offers": 1, "severity": "success"}'
  ),
  (
    'Payload.ASIN',
    '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {
      "ASIN": "B0TEST0001", "AnyOfferChangedNotification": {"Offers": []}
    }}',
    '{"asin": "B0TEST0001"}'
  ),
  (
    'PRICING_HEALTH, which nothing wraps',
    '{"notificationType": "PRICING_HEALTH", "payload": {
      "offerChangeTrigger": {
        "asin": "B0TEST0001", "marketplaceId": "APJ6JRA9NG5V4", "itemCondition": "Collectible"
      }
    }}',
    '{"notification_type": "PRICING_HEALTH", "asin": "B0TEST0001",
      "marketplace": "APJ6JRA9NG5V4", "item_condition": "collectible"}'
  ),
  (
    'neither marketplace nor condition: the original''s marketplace, new',
    '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {"AnyOfferChangedNotification": {
      "OfferChangeTrigger": {"ASIN": "B0TEST0001"}
    }}}',
    '{"marketplace": "A1F83G8C2ARO7P", "item_condition": "new"}'
  ),
  (
    'members that are null are absent',
    '{"NotificationType": "ANY_OFFER_CHANGED", "NotificationMetadata": null, "Payload": {
      "AnyOfferChangedNotification": {
        "SellerId": null, "Summary": null, "Offers": null,
        "OfferChangeTrigger": {"ASIN": "B0TEST0001", "MarketplaceId": null, "ItemCondition": null}
      }
    }}',
    '{"asin": "B0TEST0001", "marketplace": "A1F83G8C2ARO7P", "item_condition": "new",
      "total_offers": 0}'
  ),
  (
    '20 characters are an ASIN and a marketplace',
    '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {"AnyOfferChangedNotification": {
      "OfferChangeTrigger": {"ASIN": "12345678901234567890", "MarketplaceId": "abcdefghijklmnopqrst"}
    }}}',
    '{"asin": "12345678901234567890", "marketplace": "abcdefghijklmnopqrst"}'
  ),
  (
    'NotificationId is trimmed',
    '{"NotificationType": "X", "NotificationMetadata": {"NotificationId": " 1f-2 "}}',
    '{"amazon_notification_id": "1f-2"}'
  )
) as t (description, notification, expected);

-- Any other type has severity info, whatever it carries, and no prices.
select pg_temp.is_row(
  to_jsonb(analyze_notification(t.notification::jsonb)),
  '{"your_price": null, "market_low": null, "prime_low": null, "buy_box_price": null,
    "your_position": null, "total_offers": null, "currency": null, "pricing_issue": null,
    "severity": "info"}'::jsonb || t.expected::jsonb,
  t.description
)
from (
  values
  (
    'a type and nothing else', '{"NotificationType": "X"}',
    '{"notification_type": "X", "asin": null}'
  ),
  (
    'a type is what it says, to the letter',
    '{"NotificationType": "any_offer_changed"}', '{"notification_type": "any_offer_changed"}'
  ),
  (
    'an ASIN in Payload', '{"NotificationType": "X", "Payload": {"ASIN": "B0TEST0001"}}',
    '{"asin": "B0TEST0001"}'
  ),
  (
    'an asin in payload', '{"notificationType": "X", "payload": {"asin": "B0TEST0001"}}',
    '{"asin": "B0TEST0001"}'
  ),
  (
    'an Asin in Payload, as LISTINGS_ITEM_STATUS_CHANGE has it',
    '{"NotificationType": "X", "Payload": {"SellerId": "A1OWNSELLER001", "Asin": "B0TEST0001"}}',
    '{"asin": "B0TEST0001"}'
  ),
  (
    'B2B_ANY_OFFER_CHANGED in PascalCase',
    '{"NotificationType": "B2B_ANY_OFFER_CHANGED", "Payload": {"B2BAnyOfferChangedNotification": {
      "SellerId": "A1OWNSELLER001",
      "OfferChangeTrigger": {"ASIN": "B0TEST0001", "MarketplaceId": "APJ6JRA9NG5V4"},
      "Offers": [{"SellerId": "A1OWNSELLER001", "ListingPrice": {"Amount": 5}}]
    }}}',
    '{"asin": "B0TEST0001", "marketplace": "APJ6JRA9NG5V4"}'
  ),
  (
    'B2B_ANY_OFFER_CHANGED in camelCase',
    '{"notificationType": "B2B_ANY_OFFER_CHANGED", "payload": {"b2bAnyOfferChangedNotification": {
      "sellerId": "A1OWNSELLER001",
      "offerChangeTrigger": {"asin": "B0TEST0001", "marketplaceId": "APJ6JRA9NG5V4"},
      "offers": [{"sellerId": "A1OWNSELLER001", "listingPrice": {"amount": 5}}]
    }}}',
    '{"asin": "B0TEST0001", "marketplace": "APJ6JRA9NG5V4"}'
  )
) as t (description, notification, expected);

-- What a notification lacks, and what of it cannot be read, is told by the error's code and text;
-- db/tests/ingest/failures.sql has them all.
select throws_ok(
  format('select analyze_notification(%L)', t.notification), t.code, null, t.description
)
from (
  values
  ('OC001', '[]', 'no object'),
  ('OC001', null, 'nothing'),
  ('OC002', '{"Payload": {}}', 'no type'),
  ('22023', '{"NotificationType": "X", "Payload": "text"}', 'a member of the wrong type'),
  ('23514', '{"NotificationType": "X", "EventTime": "yesterday"}', 'an unreadable time'),
  (
    '23514',
    '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {
      "ASIN": "B0TEST0001", "AnyOfferChangedNotification": {
        "Offers": [{"ListingPrice": {"Amount": -1}}]
      }
    }}',
    'a negative amount'
  ),
  (
    'OC006',
    '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {
      "ASIN": "B0TEST0001", "AnyOfferChangedNotification": {"Offers": [
        {"ListingPrice": {"Amount": 1, "CurrencyCode": "EUR"}},
        {"ListingPrice": {"Amount": 1, "CurrencyCode": "GBP"}}
      ]}
    }}',
    'two currencies'
  ),
  ('OC007', '{"NotificationType": "PRICING_HEALTH"}', 'a kind with state without an ASIN'),
  (
    'OC008', '{"NotificationType": "X", "Payload": {"ASIN": "123456789012345678901"}}',
    'an ASIN of 21 characters'
  ),
  (
    'OC008', '{"NotificationType": "X", "Payload": {"MarketplaceId": "123456789012345678901"}}',
    'a marketplace of 21 characters'
  )
) as t (code, notification, description);

select * from finish();
rollback;
