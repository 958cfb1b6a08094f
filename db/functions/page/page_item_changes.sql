create or replace function page_item_changes(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new',
  days integer default 30
)
returns table (
  event_time timestamptz,
  change text,
  seller_id text,
  seller_id_note text,
  is_own boolean,
  currency text,
  old_price numeric,
  new_price numeric,
  rank integer
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    o.event_time,
    replace(o.change, '_', ' ') as change,
    o.seller_id,
    nullif(
      concat_ws(', ', case when o.is_own then 'yours' end, case when o.is_fba then 'FBA' end), ''
    ) as seller_id_note,
    o.is_own,
    c.currency,
    round(o.old_price, 2) as old_price,
    round(o.new_price, 2) as new_price,
    o.rank
  from offer_changes(
    now() - make_interval(days => page_item_changes.days), 'infinity', page_item_changes.asin
  ) as o
  left join current_state as c
    on o.asin = c.asin
      and o.marketplace = c.marketplace
      and o.item_condition = c.item_condition
  where o.marketplace = page_item_changes.marketplace
    and o.item_condition = page_item_changes.item_condition
  order by o.event_time desc, o.rank, o.seller_id, o.change
  limit 200
$$;

comment on function page_item_changes(text, text, text, integer) is
'Changes. What changed among the offers, the newest 200: who appeared, left, won or lost the buy '
'box, and whose price moved.';
