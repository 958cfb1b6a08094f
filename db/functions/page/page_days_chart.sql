create or replace function page_days_chart(days integer default 30, marketplace text default null)
returns table (
  day date,
  buy_box_pct numeric
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    d.day,
    round(100 * sum(d.buy_box_seconds) / nullif(sum(d.known_seconds), 0), 1) as buy_box_pct
  from days_report as d
  where d.day >= utc_day(now()) - page_days_chart.days
    and (page_days_chart.marketplace is null or d.marketplace = page_days_chart.marketplace)
  group by d.day
  order by d.day
$$;

comment on function page_days_chart(integer, text) is
'Buy box. The share of the time that you held it, in percent, day by day.';
