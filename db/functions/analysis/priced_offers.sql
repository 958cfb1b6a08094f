-- Offers are never keyed by seller: one seller can stand there twice, fulfilled by Amazon and by
-- the seller.
create or replace function priced_offers(
  offers jsonb, own_seller_ids text[], marketplace text
)
returns table (
  ordinal integer,
  seller_id text,
  listing_price numeric,
  shipping numeric,
  landed_price numeric,
  currency text,
  is_prime boolean,
  is_fba boolean,
  is_buy_box_winner boolean,
  is_own boolean
)
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  path text;
  offer jsonb;
  part jsonb;
  value jsonb;
  points numeric;
  shipping_currency text;
  only_currency text;
begin
  for i in 0 .. coalesce(jsonb_array_length(offers), 0) - 1 loop
    ordinal := i + 1;
    path := 'Offers[' || i || '].';
    offer := read_object(offers -> i, 'Offers[' || i || ']');

    value := member(offer, 'SellerId');
    seller_id := read_text(value, path || 'SellerId');
    is_own := coalesce(seller_id = any(own_seller_ids), false);

    value := member(offer, 'ListingPrice');
    part := read_object(value, path || 'ListingPrice');
    value := member(part, 'Amount');
    listing_price := read_amount(value, path || 'ListingPrice.Amount');
    value := member(part, 'CurrencyCode');
    currency := read_text(value, path || 'ListingPrice.CurrencyCode');
    value := member(offer, 'Shipping');
    part := read_object(value, path || 'Shipping');
    value := member(part, 'Amount');
    shipping := coalesce(read_amount(value, path || 'Shipping.Amount'), 0);
    value := member(part, 'CurrencyCode');
    shipping_currency := read_text(value, path || 'Shipping.CurrencyCode');
    only_currency := coalesce(only_currency, currency, shipping_currency);
    if currency <> only_currency or shipping_currency <> only_currency then
      raise exception using
        errcode = 'OC006',
        message = format(
          'the offers are in two currencies, %s and %s',
          only_currency,
          case when currency <> only_currency then currency else shipping_currency end
        ),
        hint = 'Prices in different currencies cannot be added up or ranked.';
    end if;
    value := member(offer, 'Points');
    part := read_object(value, path || 'Points');
    value := member(part, 'PointsNumber');
    points := read_amount(value, path || 'Points.PointsNumber');
    landed_price := landed_price(listing_price, shipping, points, marketplace);

    value := member(offer, 'PrimeInformation');
    part := read_object(value, path || 'PrimeInformation');
    value := member(part, 'IsOfferPrime');
    is_prime := coalesce(read_boolean(value, path || 'PrimeInformation.IsOfferPrime'), false);
    value := member(part, 'IsPrime');
    is_prime := is_prime
      or coalesce(read_boolean(value, path || 'PrimeInformation.IsPrime'), false);
    value := member(offer, 'IsFulfilledByAmazon');
    is_fba := coalesce(read_boolean(value, path || 'IsFulfilledByAmazon'), false);
    value := member(offer, 'IsBuyBoxWinner');
    is_buy_box_winner := coalesce(read_boolean(value, path || 'IsBuyBoxWinner'), false);
    return next;
  end loop;
end
$$;

comment on function priced_offers(jsonb, text[], text) is
'One row an offer of a notification''s Offers array, in its order. Prices are in the row''s '
'currency, landed_price as landed_price() says for that marketplace; is_own: the offer of one of '
'own_seller_ids; is_prime: Prime, national Prime alone is not. Raises OC006 where listing or '
'shipping prices are in two currencies, OC003 and OC005 as the readers do.';
