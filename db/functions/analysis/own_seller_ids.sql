create or replace function own_seller_ids()
returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array(select s.seller_id from own_sellers as s);
end
$$;

comment on function own_seller_ids() is 'The seller ids in own_sellers.';
