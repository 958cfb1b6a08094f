-- At most one set is active. "limit 1" tells the planner, which would otherwise expect hundreds of
-- rows of a small table, and each with all that is read beside it.
create or replace function in_force()
returns table (rules severity_rules, own_sellers text[])
language sql stable parallel safe
rows 1
begin atomic
  select
    coalesce(r, find_rules()) as rules,
    s.ids as own_sellers
  from own_seller_ids() as s (ids)
  left join severity_rules as r on r.active
  limit 1;
end;

comment on function in_force() is
'What an analysis goes by, read once for a whole query: the active severity_rules and the seller '
'ids in own_sellers. Raises OC101 where no set is active and rules is asked for.';
