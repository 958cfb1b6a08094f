-- The same two offers as Amazon writes them, in PascalCase and in camelCase, and as the original
-- worker's own test messages did.
begin;
select plan(5);

create temporary table spellings (name text, notification jsonb) on commit drop;
insert into spellings values
('PascalCase', '{
  "NotificationType": "ANY_OFFER_CHANGED",
  "Payload": {
    "AnyOfferChangedNotification": {
      "SellerId": "A1OWNSELLER001",
      "OfferChangeTrigger": {"ASIN": "B0TEST0001", "ItemCondition": "New"},
      "Offers": [
        {
          "SellerId": "A1RIVAL0000001",
          "ListingPrice": {"Amount": 9.5, "CurrencyCode": "EUR"},
          "Shipping": {"Amount": 1.5, "CurrencyCode": "EUR"},
          "PrimeInformation": {"IsOfferPrime": true, "IsOfferNationalPrime": false},
          "IsFulfilledByAmazon": true
        },
        {
          "SellerId": "A1OWNSELLER001",
          "ListingPrice": {"Amount": 10, "CurrencyCode": "EUR"},
          "IsFulfilledByAmazon": false,
          "IsBuyBoxWinner": true
        }
      ]
    }
  }
}'),
('camelCase', '{
  "notificationType": "ANY_OFFER_CHANGED",
  "payload": {
    "anyOfferChangedNotification": {
      "sellerId": "A1OWNSELLER001",
      "offerChangeTrigger": {"asin": "B0TEST0001", "itemCondition": "new"},
      "offers": [
        {
          "sellerId": "A1RIVAL0000001",
          "listingPrice": {"amount": 9.5, "currencyCode": "EUR"},
          "shipping": {"amount": 1.5, "currencyCode": "EUR"},
          "primeInformation": {"isOfferPrime": true, "isOfferNationalPrime": false},
          "isFulfilledByAmazon": true
        },
        {
          "sellerId": "A1OWNSELLER001",
          "listingPrice": {"amount": 10, "currencyCode": "EUR"},
          "isFulfilledByAmazon": false,
          "isBuyBoxWinner": true
        }
      ]
    }
  }
}'),
('the original''s test messages', '{
  "notificationType": "ANY_OFFER_CHANGED",
  "eventTime": "2023-01-31T09:30:00Z",
  "payload": {
    "marketplaceId": "A1F83G8C2ARO7P",
    "anyOfferChangedNotification": {
      "asin": "B0TEST0001",
      "offerChangeSummary": {
        "offers": [
          {
            "sellerId": "A1RIVAL0000001", "listingPrice": {"amount": 11},
            "isFulfilledByAmazon": true, "isBuyBoxWinner": false
          },
          {
            "sellerId": "A2D8NG39VURSL3", "listingPrice": {"amount": 10},
            "isFulfilledByAmazon": false, "isBuyBoxWinner": true
          }
        ]
      }
    }
  }
}');

select results_eq(
  format(
    $$
    select o.*
    from spellings as s
    cross join lateral extract_offers(s.notification) as o
    where s.name = %L
    order by o.ordinal
    $$,
    n.name
  ),
  $$
  values
  (
    1, 'A1RIVAL0000001', 'new', 9.5, 1.5, 11.0, 'EUR', true, true, false, false, 2
  ),
  (
    2, 'A1OWNSELLER001', 'new', 10, 0, 10, 'EUR', false, false, true, true, 1
  )
  $$,
  n.name
)
from (values ('PascalCase'), ('camelCase')) as n (name);

select results_eq(
  $$
  select o.*
  from spellings as s
  cross join lateral extract_offers(s.notification) as o
  where s.name like 'the original%'
  order by o.ordinal
  $$,
  $$
  values
  (1, 'A1RIVAL0000001', 'new', 11.0, 0.0, 11.0, null::text, false, true, false, false, 2),
  (2, 'A2D8NG39VURSL3', 'new', 10, 0, 10, null, false, false, true, true, 1)
  $$,
  'the original''s test messages'
);

-- A business offer is another market, but its offers are written the same way.
select results_eq(
  format(
    $$select seller_id, landed_price, is_prime, is_buy_box_winner from extract_offers(%L)$$,
    b.notification
  ),
  $$values ('A1RIVAL0000001', 8188.72, true, true)$$,
  b.description
)
from (
  values
  (
    'B2B_ANY_OFFER_CHANGED in PascalCase',
    '{
      "NotificationType": "B2B_ANY_OFFER_CHANGED",
      "Payload": {
        "B2BAnyOfferChangedNotification": {
          "OfferChangeTrigger": {"ASIN": "B0TEST0001"},
          "Offers": [{
            "SellerId": "A1RIVAL0000001", "ListingPrice": {"Amount": 8184.23},
            "Shipping": {"Amount": 4.49}, "IsBuyBoxWinner": true,
            "PrimeInformation": {"IsPrime": true, "IsNationalPrime": true}
          }]
        }
      }
    }'
  ),
  (
    'B2B_ANY_OFFER_CHANGED in camelCase',
    '{
      "notificationType": "B2B_ANY_OFFER_CHANGED",
      "payload": {
        "b2bAnyOfferChangedNotification": {
          "offerChangeTrigger": {"asin": "B0TEST0001"},
          "offers": [{
            "sellerId": "A1RIVAL0000001", "listingPrice": {"amount": 8184.23},
            "shipping": {"amount": 4.49}, "isBuyBoxWinner": true,
            "primeInformation": {"isPrime": true, "isNationalPrime": true}
          }]
        }
      }
    }'
  )
) as b (description, notification);

select * from finish();
rollback;
