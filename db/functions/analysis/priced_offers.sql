-- Offers are never keyed by seller: one seller can stand there twice, fulfilled by Amazon and by
-- himself. "offset 0" keeps the prices computed once, however often they are used.
create or replace function priced_offers(
  offers amazon_offer[], own_sellers text[], own_seller text, marketplace text
)
returns setof priced_offer
language sql stable parallel safe
rows 20
begin atomic
  select
    o.ordinal::integer,
    o.seller_id,
    o.listing_price,
    o.shipping,
    landed_price(o.listing_price, o.shipping, o.points, marketplace) as landed_price,
    o.currency,
    o.shipping_currency,
    o.is_prime,
    o.is_fba,
    o.is_buy_box_winner,
    coalesce(o.seller_id = own_seller or o.seller_id = any(own_sellers), false) as is_own
  from (
    select
      u.ordinality as ordinal,
      text_of(u."SellerId") as seller_id,
      amount_of((u."ListingPrice")."Amount") as listing_price,
      coalesce(amount_of((u."Shipping")."Amount"), 0) as shipping,
      amount_of((u."Points")."PointsNumber") as points,
      text_of((u."ListingPrice")."CurrencyCode") as currency,
      text_of((u."Shipping")."CurrencyCode") as shipping_currency,
      coalesce((u."PrimeInformation")."IsOfferPrime", false)
      or coalesce((u."PrimeInformation")."IsPrime", false) as is_prime,
      coalesce(u."IsFulfilledByAmazon", false) as is_fba,
      coalesce(u."IsBuyBoxWinner", false) as is_buy_box_winner
    from unnest(offers) with ordinality as u
    offset 0
  ) as o
  offset 0;
end;

comment on function priced_offers(amazon_offer[], text[], text, text) is
'A row an offer, in its order. Prices are in the row''s currency, landed_price as landed_price() '
'says for that marketplace; shipping is 0 where nothing is said of it; is_own: the offer of one of '
'own_sellers, or of own_seller, whom the notification names; is_prime: Prime, national Prime alone '
'is not.';
