-- Which offers are yours, fulfilled by Amazon, Prime, or hold the buy box.
begin;
select plan(14);
\ir ../fixtures.psql

-- own_sellers holds what the first migration put there.
insert into own_sellers (seller_id) values ('A1OWNSELLER002');

select results_eq(
  $$
  select o.seller_id, o.is_own
  from extract_offers(pg_temp.any_offer_changed(
    (select jsonb_agg(pg_temp.offer(s, 1)) from unnest(array[
      'A1OWNSELLER001', 'A1OWNSELLER002', 'A2D8NG39VURSL3', 'A1RIVAL0000001', 'a1ownseller001'
    ]) as s)
  )) as o
  order by o.ordinal
  $$,
  $$
  values
  ('A1OWNSELLER001', true),
  ('A1OWNSELLER002', true),
  ('A2D8NG39VURSL3', true),
  ('A1RIVAL0000001', false),
  ('a1ownseller001', false)
  $$,
  'own: the notification''s seller, and those of own_sellers beside it'
);

select results_eq(
  $$
  select o.seller_id, o.is_own
  from extract_offers(
    pg_temp.any_offer_changed(jsonb_build_array(
      pg_temp.offer('A1OWNSELLER001', 1), pg_temp.offer('A1OWNSELLER002', 1), '{}'::jsonb
    )) #- '{Payload,AnyOfferChangedNotification,SellerId}'
  ) as o
  order by o.ordinal
  $$,
  $$values ('A1OWNSELLER001', false), ('A1OWNSELLER002', true), (null, false)$$,
  'a notification that names no seller: own_sellers decide, and no seller is not yours'
);

select is(
  (
    select array[o.is_fba, o.is_prime, o.is_buy_box_winner]
    from extract_offers(
      pg_temp.any_offer_changed(jsonb_build_array(pg_temp.offer('X', 1, t.members::jsonb)))
    ) as o
  ),
  array[t.is_fba, t.is_prime, t.is_buy_box_winner],
  t.members
)
from (
  values
  ('{"IsFulfilledByAmazon": true}', true, false, false),
  ('{"IsFulfilledByAmazon": false}', false, false, false),
  ('{"IsFulfilledByAmazon": null}', false, false, false),
  ('{"IsBuyBoxWinner": true}', false, false, true),
  ('{"IsBuyBoxWinner": false}', false, false, false),
  ('{"PrimeInformation": {"IsOfferPrime": true}}', false, true, false),
  ('{"PrimeInformation": {"IsOfferNationalPrime": true}}', false, false, false),
  ('{"PrimeInformation": {"IsPrime": true, "IsNationalPrime": true}}', false, true, false),
  ('{"PrimeInformation": {"IsNationalPrime": true}}', false, false, false),
  ('{"PrimeInformation": {"IsOfferPrime": false, "IsPrime": true}}', false, true, false),
  ('{"PrimeInformation": {}}', false, false, false),
  ('{"PrimeInformation": null}', false, false, false)
) as t (members, is_fba, is_prime, is_buy_box_winner);

select * from finish();
rollback;
