create or replace function extract_offers(notification jsonb)
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
    h.item_condition,
    o.listing_price,
    o.shipping,
    o.landed_price,
    o.currency,
    o.is_prime,
    o.is_fba,
    o.is_buy_box_winner,
    o.is_own,
    case
      when o.landed_price is not null then rank() over (order by o.landed_price)::integer
    end as rank
  from read_header(extract_offers.notification) as h
  cross join lateral priced_offers(h.offers, own_seller_ids() || h.seller_id, h.marketplace) as o
  order by o.ordinal;
end;

comment on function extract_offers(jsonb) is
'The offers of one unwrapped notification, a row each in the order they came: see priced_offers() '
'for the columns; item_condition is the trigger''s, rank is its price_rank(): 1 + the number of '
'offers with a strictly lower landed price, null without a listing price. Own are the offers of '
'the seller that the notification names and of own_sellers. No rows for PRICING_HEALTH, which '
'carries none. Raises what read_header() and priced_offers() raise.';
