-- Who holds the buy box, and whether there is one at all.
begin;
select plan(22);
\ir ../fixtures.psql

-- Of several winners (Amazon documents two, a Prime one and one that is not): yours, else the
-- cheapest to the buyer, else the one that Amazon fulfills, else the lowest id.
select is(
  array[a.buy_box_seller, a.buy_box_is_fba::text, a.buy_box_winner::text], t.holder::text array,
  t.description
)
from (
  values
  ('nobody is known to', '[{"SellerId": "A2"}]', '{null,null,false}'),
  ('none listed', '[]', '{null,null,false}'),
  ('one', '[{"SellerId": "A2", "IsBuyBoxWinner": true}]', '{A2,false,false}'),
  (
    'one that says false is none',
    '[{"SellerId": "A2", "IsBuyBoxWinner": false, "IsFulfilledByAmazon": true}]',
    '{null,null,false}'
  ),
  (
    'one without a name',
    '[{"IsBuyBoxWinner": true, "IsFulfilledByAmazon": true}]', '{null,true,false}'
  ),
  (
    'yours, dearer and by yourself',
    '[
      {"SellerId": "A2", "IsBuyBoxWinner": true, "IsFulfilledByAmazon": true,
       "ListingPrice": {"Amount": 5}},
      {"SellerId": "A1OWNSELLER001", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 9}}
    ]',
    '{A1OWNSELLER001,false,true}'
  ),
  (
    'the cheapest, shipping included',
    '[
      {"SellerId": "A2", "IsBuyBoxWinner": true, "IsFulfilledByAmazon": true,
       "ListingPrice": {"Amount": 5}, "Shipping": {"Amount": 2}},
      {"SellerId": "A3", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 6}},
      {"SellerId": "A1", "ListingPrice": {"Amount": 4}}
    ]',
    '{A3,false,false}'
  ),
  (
    'the cheapest before one without a price',
    '[
      {"SellerId": "A2", "IsBuyBoxWinner": true, "IsFulfilledByAmazon": true},
      {"SellerId": "A3", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 6}}
    ]',
    '{A3,false,false}'
  ),
  (
    'at one price Amazon''s',
    '[
      {"SellerId": "A2", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 5}},
      {"SellerId": "A3", "IsBuyBoxWinner": true, "IsFulfilledByAmazon": true,
       "ListingPrice": {"Amount": 4}, "Shipping": {"Amount": 1}}
    ]',
    '{A3,true,false}'
  ),
  (
    'the same seller twice, once by Amazon',
    '[
      {"SellerId": "A2", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 5}},
      {"SellerId": "A2", "IsBuyBoxWinner": true, "IsFulfilledByAmazon": true,
       "ListingPrice": {"Amount": 5}}
    ]',
    '{A2,true,false}'
  ),
  (
    'the lowest id, as bytes',
    '[
      {"SellerId": "a1", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 5}},
      {"SellerId": "B2", "IsBuyBoxWinner": true, "ListingPrice": {"Amount": 5}}
    ]',
    '{B2,false,false}'
  )
) as t (description, offers, holder)
cross join lateral analyze_notification(pg_temp.any_offer_changed(t.offers::jsonb)) as a;

-- Suppressed: offers stand there, and for this condition neither a buy box price nor a winner.
select is(a.buy_box_suppressed, t.suppressed, t.description)
from (
  values
  ('a summary without an entry', '[{}]', '{}', 'new', true),
  ('likewise of used ones', '[{}]', '{}', 'Used', true),
  ('unknown of any other condition', '[{}]', '{}', 'collectible', null),
  ('no summary, nothing known', '[{}]', null, 'new', false),
  ('no offers', '[]', '{}', 'new', false),
  ('an entry', '[{}]', '{"BuyBoxPrices": [{"Condition": "New"}]}', 'new', false),
  ('another condition''s', '[{}]', '{"BuyBoxPrices": [{"Condition": "used"}]}', 'new', true),
  ('an empty list', '[{}]', '{"BuyBoxPrices": []}', 'new', true),
  ('a winner', '[{"IsBuyBoxWinner": true}]', '{}', 'new', false),
  ('other figures only', '[{}]', '{"SalesRankings": [{"Rank": 1}]}', 'NEW', true)
) as t (description, offers, summary, item_condition, suppressed)
cross join lateral analyze_notification(pg_temp.any_offer_changed(
  t.offers::jsonb, t.summary::jsonb, item_condition => t.item_condition
)) as a;
select is(a.buy_box_suppressed, null, 'unknown of a pricing issue')
from analyze_notification(pg_temp.pricing_health(12, 10)) as a;

select * from finish();
rollback;
