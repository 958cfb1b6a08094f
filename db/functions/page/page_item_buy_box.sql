create or replace function page_item_buy_box(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new',
  days integer default 30
)
returns table (
  event_time timestamptz,
  change text,
  currency text,
  old_seller text,
  old_price numeric,
  new_seller text,
  new_seller_note text,
  new_price numeric,
  your_price numeric
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    b.event_time,
    b.change,
    c.currency,
    b.old_seller,
    round(b.old_price, 2) as old_price,
    b.new_seller,
    case when b.new_is_fba then 'FBA' end as new_seller_note,
    round(b.new_price, 2) as new_price,
    round(b.your_price, 2) as your_price
  from buy_box_changes(
    now() - make_interval(days => page_item_buy_box.days), 'infinity', page_item_buy_box.asin
  ) as b
  left join current_state as c using (asin, marketplace, item_condition)
  where b.marketplace = page_item_buy_box.marketplace
    and b.item_condition = page_item_buy_box.item_condition
  order by b.event_time desc
  limit 200
$$;

comment on function page_item_buy_box(text, text, text, integer) is
'Buy box. Who took it from whom, the newest 200 times: yours lost and won, passed between others, '
'suppressed and restored.';
