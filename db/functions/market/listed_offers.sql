create or replace function listed_offers(notification jsonb, own_sellers text[])
returns setof priced_offer
language sql stable parallel safe
rows 20
begin atomic
  select o.*
  from in_pascal_case(listed_offers.notification) as n (notification)
  cross join lateral read_offer_change(in_pascal_case(n.notification -> 'Payload')) as c
  cross join lateral priced_offers(
    c.offers, listed_offers.own_sellers || c.seller_id, c.marketplace
  ) as o;
end;

comment on function listed_offers(jsonb, text[]) is
'extract_offers() of an ANY_OFFER_CHANGED for given own sellers and without a rank, whose window '
'would keep a parallel plan to its leader.';
