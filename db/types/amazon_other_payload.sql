create type amazon_other_payload as (
  "AnyOfferChangedNotification" amazon_wrapped,
  "B2BAnyOfferChangedNotification" amazon_wrapped,
  "OfferChangeTrigger" amazon_trigger,
  "ASIN" amazon_text,
  "Asin" amazon_text,
  "MarketplaceId" amazon_text
);

comment on type amazon_other_payload is
'Where the Payload of a type that bears on no state may name its item. Nothing else of it is read.';
