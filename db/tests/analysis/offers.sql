-- What a row says of an offer, and what stands where a member is absent.
begin;
select plan(8);
\ir ../fixtures.psql

select is(
  pg_get_function_result('extract_offers(jsonb)'::regprocedure),
  'TABLE(ordinal integer, seller_id text, item_condition text, listing_price numeric, '
  'shipping numeric, landed_price numeric, currency text, is_prime boolean, is_fba boolean, '
  'is_buy_box_winner boolean, is_own boolean, rank integer)',
  'the columns are those documented'
);

create temporary table offers on commit drop as
select o.*
from extract_offers(pg_temp.any_offer_changed(
  item_condition => 'Used',
  offers => jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 20.5, '{
      "SubCondition": "good",
      "Shipping": {"Amount": 1.49, "CurrencyCode": "GBP"},
      "PrimeInformation": {"IsOfferPrime": true, "IsOfferNationalPrime": true},
      "IsFulfilledByAmazon": true,
      "IsBuyBoxWinner": true
    }'),
    pg_temp.offer('A1RIVAL0000001', 21),
    '{"SellerId": "A1RIVAL0000002", "Shipping": {"Amount": 3, "CurrencyCode": "GBP"}}'::jsonb,
    '{}'::jsonb
  )
)) as o;

select pg_temp.is_row(to_jsonb(o), e.expected, e.description)
from offers as o
inner join (
  values
  (
    1, 'an offer with everything', '{
      "seller_id": "A1OWNSELLER001", "item_condition": "used", "listing_price": 20.5,
      "shipping": 1.49, "landed_price": 21.99, "currency": "GBP", "is_prime": true, "is_fba": true,
      "is_buy_box_winner": true, "is_own": true, "rank": 2
    }'::jsonb
  ),
  (
    2, 'an offer with a seller and a price alone', '{
      "seller_id": "A1RIVAL0000001", "item_condition": "used", "listing_price": 21,
      "shipping": 0, "landed_price": 21, "currency": "GBP", "is_prime": false, "is_fba": false,
      "is_buy_box_winner": false, "is_own": false, "rank": 1
    }'
  ),
  (
    3, 'an offer without a listing price is not ranked', '{
      "seller_id": "A1RIVAL0000002", "item_condition": "used", "listing_price": null,
      "shipping": 3, "landed_price": null, "currency": null, "is_own": false, "rank": null
    }'
  ),
  (
    4, 'an empty offer is an offer', '{
      "seller_id": null, "item_condition": "used", "listing_price": null, "shipping": 0,
      "landed_price": null, "currency": null, "is_prime": false, "is_fba": false,
      "is_buy_box_winner": false, "is_own": false, "rank": null
    }'
  )
) as e (ordinal, description, expected) on o.ordinal = e.ordinal
order by o.ordinal;

select is(count(*), 4::bigint, 'a row an offer') from offers;

select is_empty(
  'select * from extract_offers(pg_temp.pricing_health(12, 10))',
  'PRICING_HEALTH carries no offers'
);
select is_empty(
  'select * from extract_offers(pg_temp.any_offer_changed(null))',
  'a notification without Offers has none'
);

select * from finish();
rollback;
