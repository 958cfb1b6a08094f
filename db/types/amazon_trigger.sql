create type amazon_trigger as (
  "ASIN" amazon_text,
  "MarketplaceId" amazon_text,
  "ItemCondition" amazon_text,
  "TimeOfOfferChange" amazon_time
);

comment on type amazon_trigger is
'Which item it is about.';
