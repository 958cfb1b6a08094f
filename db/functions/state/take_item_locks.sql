-- The order is what keeps two transactions from waiting for each other: every writer of
-- current_state takes these locks in ascending order, live ingest too (ingest_order).
create or replace function take_item_locks(asins text[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(l.key)
  from (
    select distinct lock_of_item(a.asin) as key
    from unnest(asins) as a (asin)
    order by key
    offset 0
  ) as l;
end
$$;

comment on function take_item_locks(text[]) is
'Takes the locks of these ASINs (lock_of_item) in ascending order, until the transaction ends.';
