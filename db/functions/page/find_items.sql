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
      or c.asin ilike '%' || regexp_replace(find_items.search, '([\\%_])', '\\\1', 'g') || '%'
    );
end;

comment on function find_items(text, text, text) is
'The rows of current_state of this severity and marketplace whose ASIN has the text in it, in '
'whichever case; null stands for any.';
