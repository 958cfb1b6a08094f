create or replace function listed_offers(notification jsonb, own_sellers text[])
returns setof priced_offer
language sql stable parallel safe
rows 20
begin atomic
  select o.*
  from payload_of(listed_offers.notification) as p (payload)
  cross join lateral read_offer_change(p.payload) as c
  cross join lateral priced_offers(
    c.offers, listed_offers.own_sellers, c.seller_id, c.marketplace
  ) as o;
end;

comment on function listed_offers(jsonb, text[]) is
'extract_offers() of a stored ANY_OFFER_CHANGED for given own sellers and without the ranks, which '
'cost a sort a notification.';
