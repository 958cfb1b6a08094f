create type amazon_offer_count as (
  "Condition" amazon_text,
  "OfferCount" amazon_count
);

comment on type amazon_offer_count is
'How many offers of a condition one fulfillment channel has.';
