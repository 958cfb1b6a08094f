-- In the collation "C" because lower() of others takes three times as long.
create or replace function find_items(severity text, marketplace text, search text)
returns setof current_state
language sql stable parallel safe
begin atomic
  select c.*
  from current_state as c
  cross join (select lower(find_items.search collate "C") as text) as s
  where (find_items.severity is null or c.severity = find_items.severity)
    and (find_items.marketplace is null or c.marketplace = find_items.marketplace)
    and (
      find_items.search is null
      or strpos(lower(c.asin collate "C"), s.text) > 0
      or (c.asin, c.marketplace) in (
        select i.asin, i.marketplace
        from items as i
        where strpos(lower(i.title collate "C"), lower(find_items.search collate "C")) > 0
          or strpos(lower(i.sku collate "C"), lower(find_items.search collate "C")) > 0
      )
    );
end;

comment on function find_items(text, text, text) is
'The rows of current_state of this severity and marketplace that have the text in their ASIN, title '
'or SKU; capitals from A to Z are as good as small letters. Null stands for any.';
