create type amazon_offer_change_payload as (
  "AnyOfferChangedNotification" amazon_offer_change,
  "B2BAnyOfferChangedNotification" amazon_offer_change,
  "ASIN" amazon_text,
  "MarketplaceId" amazon_text,
  "OfferChangeSummary" amazon_offer_summary
);

comment on type amazon_offer_change_payload is
'The Payload of an ANY_OFFER_CHANGED, or of its B2B sister. The last three are the original '
'worker''s.';
