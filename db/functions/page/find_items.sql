-- The sub-selects keep a row from folding the search again; "C" folds ASINs in half the time.
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
      or strpos(lower(c.asin collate pg_catalog."C"), (select lower(find_items.search))) > 0
      or (c.asin, c.marketplace) in (
        select i.asin, i.marketplace
        from items as i
        where strpos(i.search_text, (select lower(find_items.search))) > 0
      )
    );
end;

comment on function find_items(text, text, text) is
'The rows of current_state of this severity and marketplace that have the text in ASIN, title or '
'SKU, whichever letters are capitals; null stands for any.';
