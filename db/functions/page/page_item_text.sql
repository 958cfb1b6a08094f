create or replace function page_item_text(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new'
)
returns table (say text)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select upper(left(p.reason, 1)) || substr(p.reason, 2) || '.' as say
  from price_to_win(page_item_text.asin) as p
  where p.marketplace = page_item_text.marketplace
    and p.item_condition = page_item_text.item_condition
$$;

comment on function page_item_text(text, text, text) is
'What to do. The price that would win the buy box back, or why none would. It suggests: nothing '
'here changes a price.';
