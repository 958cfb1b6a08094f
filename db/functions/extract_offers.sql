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
  select o.*
  from read_header(extract_offers.notification) as h
  cross join lateral priced_offers(h.offers, h.seller_id, h.marketplace, h.item_condition) as o
  order by o.ordinal;
end;

comment on function extract_offers(jsonb) is
'The offers of one unwrapped notification, a row each in the order they came; see priced_offers() '
'for the columns. No rows for PRICING_HEALTH, which carries none. Raises what read_header() and '
'priced_offers() raise.';
