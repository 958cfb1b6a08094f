create or replace function buy_box_holder(winners priced_offer[])
returns setof priced_offer
language sql immutable parallel safe
rows 1
begin atomic
  select (h.holder).*
  from (
    select
      case
        when cardinality(v.winners) > 1 then (
          select p
          from unnest(v.winners) as p
          order by p.is_own desc, p.landed_price asc, p.is_fba desc, p.seller_id collate "C" asc
          limit 1
        )
        else v.winners[1]
      end as holder
    from (values (buy_box_holder.winners)) as v (winners)
    offset 0
  ) as h;
end;

comment on function buy_box_holder(priced_offer[]) is
'Who of the winning offers holds the buy box: yours, else the lowest landed, then FBA, then the '
'lowest seller id; a row of nulls where there is none.';
