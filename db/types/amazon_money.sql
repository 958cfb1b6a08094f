create type amazon_money as (
  "Amount" amazon_amount,
  "CurrencyCode" amazon_text
);

comment on type amazon_money is
'An amount in a currency (ISO 4217).';
