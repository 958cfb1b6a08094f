create type amazon_summary as (
  "NumberOfOffers" amazon_offer_count array,
  "BuyBoxPrices" amazon_price array,
  "CompetitivePriceThreshold" amazon_money,
  "SalesRankings" amazon_sales_rank array,
  "ReferencePrice" amazon_reference_price
);

comment on type amazon_summary is
'What is known of all offers of an item, over all conditions. ReferencePrice is PRICING_HEALTH''s.';
