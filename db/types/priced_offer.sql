create type priced_offer as (
  ordinal integer,
  seller_id text,
  listing_price numeric,
  shipping numeric,
  landed_price numeric,
  currency text,
  shipping_currency text,
  is_prime boolean,
  is_fba boolean,
  is_buy_box_winner boolean,
  is_own boolean
);

comment on type priced_offer is
'An offer with what the buyer pays: see priced_offers().';
