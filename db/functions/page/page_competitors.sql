create or replace function page_competitors(days integer default 7, asin text default null)
returns table (
  seller_id text,
  items bigint,
  events bigint,
  fba_pct numeric,
  times_below_you bigint,
  median_below_pct numeric,
  undercuts bigint,
  buy_box_pct numeric,
  last_seen timestamptz
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    c.seller_id,
    c.items,
    c.events,
    round(c.fba_share * 100) as fba_pct,
    c.times_below_you,
    round(c.median_below_pct, 1) as median_below_pct,
    c.undercuts,
    round(c.buy_box_share * 100) as buy_box_pct,
    c.last_seen
  from competitors(
    now() - make_interval(days => page_competitors.days), 'infinity',
    nullif(page_competitors.asin, '')
  ) as c
  order by c.undercuts desc, c.times_below_you desc, c.seller_id
  limit 200
$$;

comment on function page_competitors(integer, text) is
'Competitors. Who undercut you most, in so many days, the first 200: on how many items and events '
'they were listed, how far below you, and how much of the time they held the buy box.';
