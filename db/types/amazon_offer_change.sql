create type amazon_offer_change as (
  "SellerId" amazon_text,
  "OfferChangeTrigger" amazon_trigger,
  "Summary" amazon_summary,
  "Offers" amazon_offer array,
  "ASIN" amazon_text,
  "MarketplaceId" amazon_text,
  "OfferChangeSummary" amazon_offer_summary
);

comment on type amazon_offer_change is
'The content of an ANY_OFFER_CHANGED. The last three are the original worker''s.';
