create or replace function read_landed_price(priced jsonb, marketplace text)
returns numeric
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  value jsonb := member(priced, 'LandedPrice');
  landed constant jsonb := read_object(value, 'LandedPrice');
  listing jsonb;
  shipping jsonb;
  points jsonb;
  amount numeric;
begin
  value := member(landed, 'Amount');
  amount := read_amount(value, 'LandedPrice.Amount');
  if amount is not null then
    return amount;
  end if;
  listing := read_object(member(priced, 'ListingPrice'), 'ListingPrice');
  shipping := read_object(member(priced, 'Shipping'), 'Shipping');
  points := read_object(member(priced, 'Points'), 'Points');
  return landed_price(
    read_amount(member(listing, 'Amount'), 'ListingPrice.Amount'),
    read_amount(member(shipping, 'Amount'), 'Shipping.Amount'),
    read_amount(member(points, 'PointsNumber'), 'Points.PointsNumber'),
    marketplace
  );
end
$$;

comment on function read_landed_price(jsonb, text) is
'The landed price of an object that may state it (LandedPrice, as a summary''s entries and '
'merchantOffer do) or only its parts (ListingPrice, Shipping, Points: see landed_price()), in its '
'currency; null without either. Raises OC003 and OC005 as the readers do.';
