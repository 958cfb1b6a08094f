-- Three steps, kept apart by "offset 0": an offer's members, those of its parts, and what they say.
-- Flattened into one, every reader would pick its member anew for each use it makes of it: the
-- expressions would be several times as large, and it is their size, not the offers, that a
-- message's analysis spends its time on. Offers are never keyed by seller: one seller can stand
-- there twice, fulfilled by Amazon and by himself.
create or replace function priced_offers(
  offers jsonb, seller_id text, marketplace text, item_condition text
)
returns table (
  ordinal integer,
  seller_id text,
  item_condition text,
  listing_price numeric,
  shipping numeric,
  landed_price numeric,
  currency text,
  is_prime boolean,
  is_fba boolean,
  is_buy_box_winner boolean,
  is_own boolean,
  rank integer
)
language sql stable parallel safe
begin atomic
  select
    o.ordinal,
    o.seller_id,
    priced_offers.item_condition,
    o.listing_price,
    o.shipping,
    o.landed_price,
    o.currency,
    o.is_prime,
    o.is_fba,
    o.is_buy_box_winner,
    coalesce(
      o.seller_id = priced_offers.seller_id
      or o.seller_id = any(array(select s.seller_id from own_sellers as s)), false
    ) as is_own,
    case
      when o.landed_price is not null then rank() over (order by o.landed_price)::integer
    end as rank
  from (
    select
      v.*,
      landed_price(v.listing_price, v.shipping, v.points, priced_offers.marketplace) as landed_price
    from (
      select
        m.ordinal,
        read_text(m.seller_id, m.path || 'SellerId') as seller_id,
        read_amount(m.listing_amount, m.path || 'ListingPrice.Amount') as listing_price,
        read_text(m.currency, m.path || 'ListingPrice.CurrencyCode') as currency,
        coalesce(read_amount(m.shipping_amount, m.path || 'Shipping.Amount'), 0) as shipping,
        read_amount(m.points_number, m.path || 'Points.PointsNumber') as points,
        coalesce(read_boolean(m.is_offer_prime, m.path || 'PrimeInformation.IsOfferPrime'), false)
        or coalesce(read_boolean(m.is_prime, m.path || 'PrimeInformation.IsPrime'), false)
          as is_prime,
        coalesce(read_boolean(m.is_fba, m.path || 'IsFulfilledByAmazon'), false) as is_fba,
        coalesce(read_boolean(m.is_buy_box_winner, m.path || 'IsBuyBoxWinner'), false)
          as is_buy_box_winner
      from (
        select
          p.*,
          read_member(p.listing, 'Amount', p.path || 'ListingPrice') as listing_amount,
          member(p.listing, 'CurrencyCode') as currency,
          read_member(p.shipping, 'Amount', p.path || 'Shipping') as shipping_amount,
          read_member(p.points, 'PointsNumber', p.path || 'Points') as points_number,
          read_member(p.prime, 'IsOfferPrime', p.path || 'PrimeInformation') as is_offer_prime,
          member(p.prime, 'IsPrime') as is_prime
        from (
          select
            e.ordinal::integer as ordinal,
            'Offers[' || e.ordinal - 1 || '].' as path,
            read_member(e.offer, 'SellerId', 'Offers[' || e.ordinal - 1 || ']') as seller_id,
            member(e.offer, 'ListingPrice') as listing,
            member(e.offer, 'Shipping') as shipping,
            member(e.offer, 'Points') as points,
            member(e.offer, 'PrimeInformation') as prime,
            member(e.offer, 'IsFulfilledByAmazon') as is_fba,
            member(e.offer, 'IsBuyBoxWinner') as is_buy_box_winner
          from jsonb_array_elements(priced_offers.offers) with ordinality as e (offer, ordinal)
          offset 0
        ) as p
        offset 0
      ) as m
      offset 0
    ) as v
    offset 0
  ) as o;
end;

comment on function priced_offers(jsonb, text, text, text) is
'One row an offer of a notification''s Offers array, priced and ranked; seller_id is the seller '
'the notification is for. Prices are in the row''s currency, landed_price as landed_price() says; '
'is_own: that seller''s or one of own_sellers''; is_prime: Prime, national Prime alone is not; '
'rank: 1 + the number of offers with a strictly lower landed price, null without a listing price. '
'Raises OC003 and OC005 as the readers do.';
