create or replace function page_days_filters(days integer default 30)
returns table (parameter text, choice text, label text, items bigint)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select 'marketplace', d.marketplace, marketplace_country(d.marketplace), max(d.items)
  from days_report as d
  where d.day >= utc_day(now()) - page_days_filters.days
  group by d.marketplace
  order by marketplace_country(d.marketplace)
$$;

comment on function page_days_filters(integer) is
'Filters. The marketplaces that these days have, with the most items of a day.';
