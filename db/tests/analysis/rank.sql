-- rank = 1 + the number of offers with a strictly lower landed price; the order they come in tells
-- nothing, and neither does who sells.
begin;
select plan(5);
\ir ../fixtures.psql

create temporary table offers (offer jsonb) on commit drop;
insert into offers values
(pg_temp.offer('A1RIVAL0000001', 15.27, '{"IsBuyBoxWinner": true}')),
(pg_temp.offer('A1RIVAL0000002', 10, '{"Shipping": {"Amount": 3.95}}')),
(pg_temp.offer('A1OWNSELLER001', 13.95)),
(pg_temp.offer('A1OWNSELLER001', 12, '{"IsFulfilledByAmazon": true}')),
('{"SellerId": "A1RIVAL0000003"}'),
(pg_temp.offer('A1RIVAL0000004', 13.950, '{"Shipping": {"Amount": 0.00}}')),
(pg_temp.offer('A1RIVAL0000005', 13.96));

select results_eq(
  $$
  select o.ordinal, o.seller_id, o.landed_price, o.rank
  from extract_offers(pg_temp.any_offer_changed((select jsonb_agg(offer) from offers))) as o
  $$,
  $$
  values
  (1, 'A1RIVAL0000001', 15.27, 6),
  (2, 'A1RIVAL0000002', 13.95, 2),
  (3, 'A1OWNSELLER001', 13.95, 2),
  (4, 'A1OWNSELLER001', 12, 1),
  (5, 'A1RIVAL0000003', null, null),
  (6, 'A1RIVAL0000004', 13.95, 2),
  (7, 'A1RIVAL0000005', 13.96, 5)
  $$,
  'equal prices share a rank and take up its successors; rows stand in the order the offers came'
);

select results_eq(
  $$
  select o.seller_id, o.landed_price, o.rank
  from extract_offers(pg_temp.any_offer_changed(
    (select jsonb_agg(offer order by offer ->> 'SellerId' desc) from offers)
  )) as o
  order by o.landed_price, o.seller_id
  $$,
  $$
  values
  ('A1OWNSELLER001', 12, 1),
  ('A1OWNSELLER001', 13.95, 2),
  ('A1RIVAL0000002', 13.95, 2),
  ('A1RIVAL0000004', 13.95, 2),
  ('A1RIVAL0000005', 13.96, 5),
  ('A1RIVAL0000001', 15.27, 6),
  ('A1RIVAL0000003', null, null)
  $$,
  'another order of the offers gives the same ranks'
);

select is(o.rank, 1, 'one offer is first')
from extract_offers(pg_temp.any_offer_changed(jsonb_build_array(pg_temp.offer('X', 1)))) as o;

select set_eq(
  $$
  select o.rank
  from extract_offers(pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('X', 7), pg_temp.offer('Y', 7.00), pg_temp.offer('Z', 7.0))
  )) as o
  $$,
  array[1],
  'all at one price are first'
);

select results_eq(
  $$
  select o.rank
  from extract_offers(pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('X', 10.004), pg_temp.offer('Y', 10.001))
  )) as o
  order by o.ordinal
  $$,
  array[2, 1],
  'prices that only rounding makes equal are not'
);

select * from finish();
rollback;
