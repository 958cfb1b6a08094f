create or replace function page_item_why(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new'
)
returns table (part text, item text, value text)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select e.part, replace(e.item, '_', ' ') as item, e.value
  from explain_item(
    page_item_why.asin, page_item_why.marketplace, page_item_why.item_condition
  ) with ordinality as e
  where e.part <> 'offer'
  order by array_position(array['result', 'rule', 'figure', 'threshold'], e.part), e.ordinality
$$;

comment on function page_item_why(text, text, text) is
'Why. What the severity was decided by: the rule, the figures, and the thresholds in force.';
