create or replace function own_seller_ids()
returns setof text[]
language sql stable parallel safe
rows 1
begin atomic
  select array(select s.seller_id from own_sellers as s);
end;

comment on function own_seller_ids() is 'The seller ids in own_sellers: one row.';
