create type amazon_offer_summary as (
  "ASIN" amazon_text,
  "Offers" amazon_offer array
);

comment on type amazon_offer_summary is
'Where the original worker''s own test messages keep the offers.';
