create type amazon_reference_price as ("CompetitivePriceThreshold" amazon_money);

comment on type amazon_reference_price is
'What Amazon compares the seller''s price with.';
