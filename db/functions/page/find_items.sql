create or replace function find_items(severity text, marketplace text, search text)
returns setof current_state
language sql stable parallel safe
begin atomic
  select c.*
  from current_state as c
  where (find_items.severity is null or c.severity = find_items.severity)
    and (find_items.marketplace is null or c.marketplace = find_items.marketplace)
    and (
      find_items.search is null
      or contains_text(c.asin, find_items.search)
      or (c.asin, c.marketplace) in (
        select i.asin, i.marketplace
        from items as i
        where contains_text(i.title, find_items.search) or contains_text(i.sku, find_items.search)
      )
    );
end;

comment on function find_items(text, text, text) is
'The rows of current_state of this severity and marketplace that have the text in ASIN, title or '
'SKU (contains_text); null stands for any.';
