create type amazon_offer as (
  "SellerId" amazon_text,
  "ListingPrice" amazon_money,
  "Shipping" amazon_money,
  "Points" amazon_points,
  "PrimeInformation" amazon_prime,
  "IsFulfilledByAmazon" amazon_flag,
  "IsBuyBoxWinner" amazon_flag
);

comment on type amazon_offer is
'One of the offers of an ANY_OFFER_CHANGED.';
