create or replace function buy_box_holder(offers priced_offer[])
returns priced_offer
language sql immutable parallel safe
begin atomic
  select o.*
  from unnest(offers) as o
  where o.is_buy_box_winner
  order by o.is_own desc, o.landed_price, o.is_fba desc, o.seller_id collate "C"
  limit 1;
end;

comment on function buy_box_holder(priced_offer[]) is
'Who holds the buy box: of several winners (one may be for Prime) yours, else the one of the lowest '
'landed price, then FBA, then the lowest seller id. Null where nobody is known to.';
