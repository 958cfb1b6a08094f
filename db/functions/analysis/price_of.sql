create or replace function price_of(price amazon_price, marketplace text)
returns numeric
language sql immutable parallel safe
return coalesce(
  amount_of((price."LandedPrice")."Amount"),
  landed_price(
    amount_of((price."ListingPrice")."Amount"), amount_of((price."Shipping")."Amount"),
    amount_of((price."Points")."PointsNumber"), marketplace
  )
);

comment on function price_of(amazon_price, text) is
'The landed price, else what landed_price() makes of listing price, shipping and points. Null '
'without either.';
