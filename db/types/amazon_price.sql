create type amazon_price as (
  "Condition" amazon_text,
  "LandedPrice" amazon_money,
  "ListingPrice" amazon_money,
  "Shipping" amazon_money,
  "Points" amazon_points
);

comment on type amazon_price is
'The buy box''s price for a condition, or the seller''s own in a PRICING_HEALTH.';
