create or replace function page_days(days integer default 30, marketplace text default null)
returns table (
  day date,
  marketplace text,
  items bigint,
  events bigint,
  buy_box_pct numeric,
  buy_box_won bigint,
  buy_box_lost bigint,
  success_hours numeric,
  warning_hours numeric,
  high_hours numeric,
  critical_hours numeric,
  pricing_issues bigint
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    d.day,
    marketplace_country(d.marketplace) as marketplace,
    d.items,
    d.events::bigint,
    round(d.buy_box_share * 100, 1) as buy_box_pct,
    d.buy_box_won::bigint,
    d.buy_box_lost::bigint,
    round(d.success_s / 3600, 1) as success_hours,
    round(d.warning_s / 3600, 1) as warning_hours,
    round(d.high_s / 3600, 1) as high_hours,
    round(d.critical_s / 3600, 1) as critical_hours,
    d.pricing_issues::bigint
  from days_report as d
  where d.day >= utc_day(now()) - page_days.days
    and (page_days.marketplace is null or d.marketplace = page_days.marketplace)
  order by d.day desc, d.items desc, d.marketplace
$$;

comment on function page_days(integer, text) is
'Days. What make rollup has of each finished UTC day: the share of the time that you held the buy '
'box, how often you won and lost it, and the hours of each severity, over all items.';
