create type amazon_pricing_health as (
  "IssueType" amazon_text,
  "SellerId" amazon_text,
  "OfferChangeTrigger" amazon_trigger,
  "MerchantOffer" amazon_price,
  "Summary" amazon_summary,
  "ASIN" amazon_text,
  "MarketplaceId" amazon_text
);

comment on type amazon_pricing_health is
'The Payload of a PRICING_HEALTH. The last two are where other types name their item.';
