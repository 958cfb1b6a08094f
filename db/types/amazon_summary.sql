create type amazon_summary as (
  "NumberOfOffers" amazon_offer_count[],
  "BuyBoxPrices" amazon_price[],
  "CompetitivePriceThreshold" amazon_money,
  "SalesRankings" amazon_sales_rank[],
  "ReferencePrice" amazon_reference_price
);

comment on type amazon_summary is
'What is known of all offers of an item, over all conditions. ReferencePrice is PRICING_HEALTH''s.';
