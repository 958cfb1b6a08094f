create or replace function page_items_filters(
  severity text default null, marketplace text default null, search text default null
)
returns table (parameter text, choice text, label text, items bigint)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  with counts as materialized (
    select c.severity, c.marketplace, count(*) as items
    from find_items(null, null, search) as c
    group by c.severity, c.marketplace
  )

  select f.parameter, f.choice, f.label, f.items
  from (
    select 'severity', s.name, s.name, coalesce(sum(c.items), 0)::bigint
    from unnest(array['critical', 'high', 'warning', 'info', 'success']) as s (name)
    left join counts as c
      on s.name = c.severity
        and (
          page_items_filters.marketplace is null or c.marketplace = page_items_filters.marketplace
        )
    group by s.name
    union all
    select 'marketplace', c.marketplace, marketplace_country(c.marketplace), sum(c.items)::bigint
    from counts as c
    where page_items_filters.severity is null or c.severity = page_items_filters.severity
    group by c.marketplace
    union all
    select 'page', null, null, coalesce(sum(c.items), 0)::bigint
    from counts as c
    where (page_items_filters.severity is null or c.severity = page_items_filters.severity)
      and (
        page_items_filters.marketplace is null or c.marketplace = page_items_filters.marketplace
      )
    union all
    select 'sort', o.name, o.name, null
    from jsonb_object_keys(item_orders()) as o (name)
  ) as f (parameter, choice, label, items)
  order by
    array_position(array['severity', 'marketplace', 'page', 'sort'], f.parameter),
    severity_rank(f.choice) desc,
    f.label
$$;

comment on function page_items_filters(text, text, text) is
'Filters. How many items each severity and each marketplace has, under the other filters; how many '
'there are on all pages; and by what they can be sorted.';
