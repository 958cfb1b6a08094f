-- What price is suggested, the sentence that says why, and when there is none.
begin;
select plan(21);
\ir ../fixtures.psql
\ir ../market.psql

create function pg_temp.suggestion(of_asin text)
returns table (said text)
language sql
as $$
  select concat_ws(' ', coalesce(p.suggested_price::text, '-'), p.reason)
    || case when p.at_floor then ' [floor]' else '' end
  from price_to_win(of_asin) as p
$$;

create function pg_temp.summary(buy_box numeric, threshold numeric)
returns jsonb
language sql immutable
return jsonb_strip_nulls(jsonb_build_object(
  'BuyBoxPrices', case when buy_box is not null then jsonb_build_array(jsonb_build_object(
    'Condition', 'New', 'LandedPrice', jsonb_build_object('Amount', buy_box, 'CurrencyCode', 'GBP')
  )) end,
  'CompetitivePriceThreshold', case
    when threshold is not null
      then jsonb_build_object('Amount', threshold, 'CurrencyCode', 'GBP')
  end
));

-- The own offer at this price, with 2.99 shipping, among three others of whom one wins.
create function pg_temp.market(own numeric)
returns jsonb
language sql immutable
return jsonb_build_array(
  pg_temp.offer('A3R3', 17),
  pg_temp.winning(pg_temp.fba('A3R1', 15.09)),
  pg_temp.offer(
    'A1OWNSELLER001', own, '{"Shipping": {"Amount": 2.99, "CurrencyCode": "GBP"}}'
  ),
  pg_temp.offer('A3R2', 13.95)
);

select is(pg_temp.hear(1, h.offers, h.summary, h.asin), 'processed', h.asin)
from (
  values
  ('PLAIN', pg_temp.market(14), pg_temp.summary(15.09, null)),
  ('THRESHOLD', pg_temp.market(14), pg_temp.summary(15.09, 14.5)),
  ('NO BUY BOX', jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 14), pg_temp.offer('A3R1', 13)
  ), pg_temp.summary(null, 12)),
  ('NOTHING ELSE', jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 14), pg_temp.offer('A3R1', 13)
  ), null),
  ('ALONE', jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 14)), null),
  ('YOURS', jsonb_build_array(
    pg_temp.offer('A3R1', 13), pg_temp.winning(pg_temp.offer('A1OWNSELLER001', 14))
  ), pg_temp.summary(14, 12)),
  ('LOW ALREADY', pg_temp.market(12), pg_temp.summary(15.09, null)),
  ('CHEAP', pg_temp.market(1), pg_temp.summary(2.99, null)),
  ('FLOOR', pg_temp.market(14), pg_temp.summary(15.09, null)),
  ('FLOOR TOO HIGH', pg_temp.market(14), pg_temp.summary(15.09, null)),
  ('NOT LISTED', jsonb_build_array(pg_temp.offer('A3R1', 13)), null)
) as h (asin, offers, summary);
insert into items (asin, title, floor_price)
values ('PLAIN', 'A plain item', 12.1), ('FLOOR', null, 12.5), ('FLOOR TOO HIGH', null, 14);

select results_eq(
  $$
  select p.asin, s.said
  from price_to_win() as p
  cross join lateral pg_temp.suggestion(p.asin) as s
  $$,
  $$
  values
  ('ALONE', '- nothing is known to compare with'),
  (
    'CHEAP',
    '- nothing above 0 is left to match the buy box at 2.99 (A3R1, FBA) with your 2.99 shipping'
  ),
  (
    'FLOOR',
    '12.50 list at your floor price of 12.50 with your 2.99 shipping: matching the buy box at 15.09 '
    '(A3R1, FBA) would take 12.10 [floor]'
  ),
  (
    'FLOOR TOO HIGH',
    '- your floor price of 14.00 is not under your listing price of 14.00'
  ),
  (
    'LOW ALREADY',
    '- your 14.99 is at or under the buy box at 15.09 (A3R1, FBA) already: price is not what keeps '
    'you out'
  ),
  ('NO BUY BOX', '12.00 match the competitive price at 12.00: list at 12.00'),
  ('NOTHING ELSE', '13.00 match the lowest other offer at 13.00: list at 13.00'),
  (
    'PLAIN',
    '12.10 match the buy box at 15.09 (A3R1, FBA): list at 12.10 with your 2.99 shipping'
  ),
  (
    'THRESHOLD',
    '11.51 match the competitive price at 14.50: list at 11.51 with your 2.99 shipping'
  ),
  ('YOURS', '- you hold the buy box at 14.00')
  $$,
  'a sentence an item with an own offer'
);
select is(
  to_jsonb(p) - 'reason',
  '{"asin": "PLAIN", "marketplace": "A1F83G8C2ARO7P", "item_condition": "new",
    "title": "A plain item", "your_price": 16.99, "shipping": 2.99, "rank_1": 13.95, "top": 17.00,
    "buy_box_price": 15.09, "competitive_price": null, "reference_price": null,
    "suggested_price": 12.10, "at_floor": false}',
  'with what it is from'
)
from price_to_win('PLAIN') as p;

-- An issue's reference price counts until offers come that are newer.
select is(r.outcome, 'processed', 'an issue')
from ingest_notification('issue', pg_temp.pricing_health(
  16.99, 14, asin => 'PLAIN', event_time => '2023-01-31T01:00:00Z'
)::text) as r;
select is(
  s.said,
  '12.10 list at your floor price of 12.10 with your 2.99 shipping: matching the reference price '
  'at 14.00 would take 11.01 [floor]',
  'counts at the same time'
)
from pg_temp.suggestion('PLAIN') as s;
select is(
  pg_temp.hear(2, pg_temp.market(14), pg_temp.summary(15.09, null), 'PLAIN'), 'processed',
  'offers after it'
);
select is(
  s.said, '12.10 match the buy box at 15.09 (A3R1, FBA): list at 12.10 with your 2.99 shipping',
  'make it past'
)
from pg_temp.suggestion('PLAIN') as s;

-- A floor is of condition new.
select is(
  pg_temp.hear(1, pg_temp.market(14), null, 'FLOOR', 'used'), 'processed', 'a used one'
);
select is(p.suggested_price, 12.10, 'has no floor')
from price_to_win('FLOOR') as p
where p.item_condition = 'used';

-- Of two level own offers, the one by FBA; and points are what the buyer gets back.
select is(r.outcome, 'processed', 'in Japan')
from ingest_notification('japan', pg_temp.any_offer_changed(
  jsonb_build_array(
    pg_temp.offer(
      'A1OWNSELLER001', 1500, '{"Shipping": {"Amount": 100}, "Points": {"PointsNumber": 50}}'
    ),
    pg_temp.fba('A1OWNSELLER001', 1600, '{"Points": {"PointsNumber": 50}}'),
    pg_temp.winning(pg_temp.offer('A3R1', 1450))
  ),
  asin => 'JAPAN', marketplace => 'A1VC38T7YXB528'
)::text) as r;
select is(
  s.said, '1500.00 match the buy box at 1450.00 (A3R1): list at 1500.00 with your 50 points',
  'points are added'
)
from pg_temp.suggestion('JAPAN') as s;

select * from finish();
rollback;
