-- The figures of the market beside the offers: the competitive price and the sales rank.
begin;
select plan(15);
\ir ../fixtures.psql

select is(
  array[a.competitive_price, a.sales_rank], array[t.competitive_price, t.sales_rank],
  coalesce(t.summary, 'no summary')
)
from (
  values
  (null, null, null),
  ('{}', null, null),
  ('{"CompetitivePriceThreshold": {"Amount": 22.005}}', 22.005, null),
  ('{"CompetitivePriceThreshold": {"Amount": "22"}}', 22, null),
  ('{"CompetitivePriceThreshold": {"CurrencyCode": "GBP"}}', null, null),
  ('{"CompetitivePriceThreshold": {"Amount": 0}}', 0, null),
  ('{"SalesRankings": []}', null, null),
  ('{"SalesRankings": [{"ProductCategoryId": "b", "Rank": 9}, {"Rank": 1}]}', null, 9),
  -- the first, whatever is known of it
  ('{"SalesRankings": [{"ProductCategoryId": "b"}, {"Rank": 1}]}', null, null),
  ('{"SalesRankings": [{"Rank": "2147483647"}]}', null, 2147483647)
) as t (summary, competitive_price, sales_rank)
cross join lateral analyze_notification(
  pg_temp.any_offer_changed('[{}]', t.summary::jsonb)
) as a;

-- What a pricing issue's severity compared with: the threshold, else the buy box's price.
select is(
  array[a.reference_price, a.market_low, a.competitive_price],
  array[t.reference_price, t.reference_price, null]::numeric array,
  format('a threshold of %s, a buy box at %s', t.threshold, t.buy_box)
)
from (
  values (10, 11, 10), (10, null, 10), (null, 11, 11), (null, null, null)
) as t (threshold, buy_box, reference_price)
cross join lateral analyze_notification(pg_temp.pricing_health(12, t.threshold, t.buy_box)) as a;

select matches(
  (
    ingest_notification('m-1', pg_temp.any_offer_changed(
      '[]', '{"CompetitivePriceThreshold": {"Amount": 1e8}}'
    )::text)
  ).error_message,
  '100000000.* does not fit its column',
  'one that does not fit its column is refused'
);

select * from finish();
rollback;
