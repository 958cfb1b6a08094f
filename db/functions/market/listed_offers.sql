create or replace function listed_offers(notification jsonb, own_sellers text[])
returns priced_offer[]
language sql stable parallel safe
begin atomic
  select array_agg(o order by o.ordinal)
  from (
    select read_offer_change(n.notification -> 'Payload') as content
    from (select in_pascal_case(listed_offers.notification) as notification offset 0) as n
    offset 0
  ) as c
  cross join lateral priced_offers(
    (c.content).offers, listed_offers.own_sellers || (c.content).seller_id, (c.content).marketplace
  ) as o;
end;

comment on function listed_offers(jsonb, text[]) is
'The offers of one ANY_OFFER_CHANGED as an array, for what needs them together and one by one; null '
'where it lists none. Raises as extract_offers().';
