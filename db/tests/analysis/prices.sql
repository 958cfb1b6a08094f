-- your_price, market_low, prime_low, your_position, buy_box_winner and currency, off the offers.
begin;
select plan(25);
\ir ../fixtures.psql

insert into own_sellers (seller_id) values ('A1OWNSELLER002');

create temporary table cases (description text, offers jsonb, expected jsonb) on commit drop;
insert into cases values
(
  'you and two rivals, shipping included, in no order',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 15.27, '{"IsBuyBoxWinner": true}'),
    pg_temp.offer('A1OWNSELLER001', 12, '{"Shipping": {"Amount": 3}}'),
    pg_temp.offer('A1RIVAL0000002', 13.95)
  ),
  '{"your_price": 15, "market_low": 13.95, "your_position": 2, "buy_box_winner": false}'
),
(
  'market_low is yours where yours is the lowest',
  jsonb_build_array(pg_temp.offer('A1RIVAL0000001', 11), pg_temp.offer('A1OWNSELLER001', 10)),
  '{"your_price": 10, "market_low": 10, "your_position": 1}'
),
(
  'three below, two level: the position counts the lower ones',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 8), pg_temp.offer('A1RIVAL0000002', 8),
    pg_temp.offer('A1RIVAL0000003', 9), pg_temp.offer('A1RIVAL0000004', 10),
    pg_temp.offer('A1RIVAL0000005', 10), pg_temp.offer('A1OWNSELLER001', 10),
    pg_temp.offer('A1RIVAL0000006', 11)
  ),
  '{"your_price": 10, "market_low": 8, "your_position": 4, "total_offers": 7}'
),
(
  'two offers of yours: the lowest landed one, the buy box held by the other',
  jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 10, '{"Shipping": {"Amount": 5}}'),
    pg_temp.offer('A1RIVAL0000001', 13),
    pg_temp.offer('A1OWNSELLER001', 14, '{"IsBuyBoxWinner": true, "IsFulfilledByAmazon": true}')
  ),
  '{"your_price": 14, "market_low": 13, "prime_low": 14, "your_position": 2,
    "buy_box_winner": true}'
),
(
  'the winning offer of yours is not the lowest one',
  jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 14, '{"IsBuyBoxWinner": true}'),
    pg_temp.offer('A1OWNSELLER002', 12), pg_temp.offer('A1RIVAL0000001', 13)
  ),
  '{"your_price": 12, "market_low": 12, "your_position": 1, "buy_box_winner": true}'
),
(
  'two winners, one of them yours',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 9, '{"IsBuyBoxWinner": true}'),
    pg_temp.offer('A1OWNSELLER001', 10, '{"IsBuyBoxWinner": true}')
  ),
  '{"your_price": 10, "your_position": 2, "buy_box_winner": true, "buy_box_price": 9}'
),
(
  'none of yours',
  jsonb_build_array(pg_temp.offer('A1RIVAL0000001', 9, '{"IsBuyBoxWinner": true}')),
  '{"your_price": null, "market_low": 9, "your_position": null, "buy_box_winner": false,
    "total_offers": 1, "severity": "info"}'
),
(
  'your offer has no price: it counts, it is not ranked',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 9), '{"SellerId": "A1OWNSELLER001"}'::jsonb
  ),
  '{"your_price": null, "market_low": 9, "your_position": null, "buy_box_winner": false,
    "total_offers": 2, "severity": "info"}'
),
(
  'a rival without a price is nowhere below you',
  jsonb_build_array(
    '{"SellerId": "A1RIVAL0000001", "Shipping": {"Amount": 1}, "IsFulfilledByAmazon": true}'::jsonb,
    pg_temp.offer('A1OWNSELLER001', 9)
  ),
  '{"your_price": 9, "market_low": 9, "prime_low": null, "your_position": 1, "total_offers": 2}'
),
(
  'no offers at all',
  '[]',
  '{"your_price": null, "market_low": null, "prime_low": null, "buy_box_price": null,
    "your_position": null, "total_offers": 0, "buy_box_winner": false, "currency": null,
    "severity": "info"}'
),
(
  'prime_low: fulfilled by Amazon',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 9), pg_temp.offer('A1RIVAL0000002', 11, '{
      "IsFulfilledByAmazon": true, "Shipping": {"Amount": 0.5}
    }'),
    pg_temp.offer('A1RIVAL0000003', 12, '{"IsFulfilledByAmazon": true}')
  ),
  '{"market_low": 9, "prime_low": 11.5}'
),
(
  'prime_low: Prime, in either spelling',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 13, '{"PrimeInformation": {"IsOfferPrime": true}}'),
    pg_temp.offer('A1RIVAL0000002', 12, '{"PrimeInformation": {"IsPrime": true}}')
  ),
  '{"market_low": 12, "prime_low": 12}'
),
(
  'prime_low: not national Prime alone',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 9, '{"PrimeInformation": {"IsOfferNationalPrime": true}}'),
    pg_temp.offer('A1RIVAL0000002', 10, '{"PrimeInformation": {"IsNationalPrime": true}}'),
    pg_temp.offer('A1RIVAL0000003', 11, '{"PrimeInformation": {"IsOfferPrime": true}}')
  ),
  '{"market_low": 9, "prime_low": 11}'
),
(
  'amounts as strings are ranked as numbers',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', null, '{"ListingPrice": {"Amount": "100"}}'),
    pg_temp.offer('A1OWNSELLER001', null, '{"ListingPrice": {"Amount": "20"}}'),
    pg_temp.offer('A1RIVAL0000002', null, '{"ListingPrice": {"Amount": "9.5"}}')
  ),
  '{"your_price": 20, "market_low": 9.5, "your_position": 2}'
),
(
  'currency: the own offer''s',
  jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', null, '{"ListingPrice": {"Amount": 5}}'),
    pg_temp.offer('A1OWNSELLER001', null, '{"ListingPrice": {"Amount": 6, "CurrencyCode": "SEK"}}')
  ),
  '{"currency": "SEK"}'
),
(
  'currency: else the first priced offer''s',
  jsonb_build_array(
    '{"SellerId": "A1RIVAL0000002"}'::jsonb,
    pg_temp.offer('A1RIVAL0000001', null, '{"ListingPrice": {"Amount": 5, "CurrencyCode": "SEK"}}')
  ),
  '{"currency": "SEK"}'
),
(
  'the largest price that fits its column',
  jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 99999999.99)),
  '{"your_price": 99999999.99, "market_low": 99999999.99}'
);

select pg_temp.is_row(
  to_jsonb(analyze_notification(pg_temp.any_offer_changed(c.offers))), c.expected, c.description
)
from cases as c;

-- 11.996 against 10 are 19.96 %, which two decimals would make 20 %.
select pg_temp.is_row(
  to_jsonb(analyze_notification(pg_temp.any_offer_changed(jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 10), pg_temp.offer('A1RIVAL0000002', 10),
    pg_temp.offer('A1RIVAL0000003', 10), pg_temp.offer('A1OWNSELLER001', 11.996),
    pg_temp.offer('A1RIVAL0000005', 13)
  )))),
  '{"your_price": 11.996, "market_low": 10, "your_position": 4, "total_offers": 5,
    "severity": "warning"}',
  'severity is computed before anything is rounded'
);

-- All rivals ask 10: how many there are, and how far above them you are, decides.
select pg_temp.is_row(
  to_jsonb(analyze_notification(pg_temp.any_offer_changed(
    (
      select jsonb_agg(pg_temp.offer('A1RIVAL00000' || i, 10))
      from generate_series(10, 9 + t.rivals) as i
    ) || jsonb_build_array(pg_temp.offer('A1OWNSELLER001', t.your_price))
  ))),
  jsonb_build_object('severity', t.severity, 'your_position', t.rivals + 1),
  format('%s behind %s offers at 10 is %s', t.your_price, t.rivals, t.severity)
)
from (
  values
  (10, 15, 'critical'),
  (9, 15, 'high'),
  (10, 14.99, 'high'),
  (4, 12, 'high'),
  (3, 12, 'warning'),
  (2, 20, 'success')
) as t (rivals, your_price, severity);

insert into severity_rules (name, success_max_position, high_min_offers, high_gap_pct)
values ('test', 1, 3, 20);
update severity_rules set active = false where name = 'default';
update severity_rules set active = true where name = 'test';
select pg_temp.is_row(
  to_jsonb(analyze_notification(pg_temp.any_offer_changed(jsonb_build_array(
    pg_temp.offer('A1RIVAL0000001', 10), pg_temp.offer('A1RIVAL0000002', 10),
    pg_temp.offer('A1OWNSELLER001', 12)
  )))),
  '{"your_position": 3, "severity": "high"}',
  'severity is by the active rules'
);

select * from finish();
rollback;
