-- Landed price = listing + shipping - points, the points in Japan only; every way an amount comes.
begin;
select plan(13);
\ir ../fixtures.psql

create function pg_temp.landed_price_of(offer jsonb, marketplace text default 'A1F83G8C2ARO7P')
returns numeric
language sql
as $$
  select landed_price
  from extract_offers(
    pg_temp.any_offer_changed(jsonb_build_array(offer), marketplace => marketplace)
  )
$$;

select is(pg_temp.landed_price_of(t.offer::jsonb), t.landed_price, t.description)
from (
  values
  ('{"ListingPrice": {"Amount": 24.99}, "Shipping": {"Amount": 4.99}}', 29.98, 'with shipping'),
  ('{"ListingPrice": {"Amount": 24.99}, "Shipping": {"Amount": 0}}', 24.99, 'free shipping'),
  ('{"ListingPrice": {"Amount": 24.99}}', 24.99, 'without shipping'),
  ('{"ListingPrice": {"Amount": 24.99}, "Shipping": null}', 24.99, 'shipping that is null'),
  ('{"ListingPrice": {"Amount": 24.99}, "Shipping": {}}', 24.99, 'shipping without an amount'),
  ('{"ListingPrice": {"Amount": 3}, "Shipping": {"Amount": 1.5}}', 4.5, 'a whole amount'),
  (
    '{"ListingPrice": {"Amount": "24.99"}, "Shipping": {"Amount": "4"}}', 28.99,
    'amounts as strings'
  ),
  ('{"ListingPrice": {"Amount": "2.499e1"}}', 24.99, 'a string with an exponent'),
  ('{"ListingPrice": {"Amount": 2499E-2}}', 24.99, 'a number with an exponent'),
  ('{"Shipping": {"Amount": 4.99}}', null, 'none without a listing price')
) as t (offer, landed_price, description);

select is(
  pg_temp.landed_price_of(
    '{
      "ListingPrice": {"Amount": 3000}, "Shipping": {"Amount": 500}, "Points": {"PointsNumber": 120}
    }',
    t.marketplace
  ),
  t.landed_price,
  t.description
)
from (
  values
  ('A1VC38T7YXB528', 3380.0, 'in Japan a point is a yen off'),
  ('ATVPDKIKX0DER', 3500, 'in the United States points count for nothing'),
  ('A1F83G8C2ARO7P', 3500, 'in the United Kingdom neither')
) as t (marketplace, landed_price, description);

select * from finish();
rollback;
