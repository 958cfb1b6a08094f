create or replace function page_items_filters(
  severity text default null, marketplace text default null, search text default null
)
returns table (parameter text, choice text, label text, items bigint)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select f.parameter, f.choice, f.label, f.items
  from (
    select 'severity', s.name, s.name, count(c.asin)
    from unnest(array['critical', 'high', 'warning', 'info', 'success']) as s (name)
    left join find_items(null, page_items_filters.marketplace, search) as c on s.name = c.severity
    group by s.name
    union all
    select 'marketplace', c.marketplace, marketplace_country(c.marketplace), count(*)
    from find_items(page_items_filters.severity, null, search) as c
    group by c.marketplace
  ) as f (parameter, choice, label, items)
  order by f.parameter desc, severity_order(f.choice), f.label
$$;

comment on function page_items_filters(text, text, text) is
'Filters. How many items each severity and each marketplace has, under the other filters.';
