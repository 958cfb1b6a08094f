create type amazon_prime as (
  "IsOfferPrime" amazon_flag,
  "IsPrime" amazon_flag
);

comment on type amazon_prime is
'Is the offer Prime, by either of the two names that Amazon uses. National Prime alone is not.';
