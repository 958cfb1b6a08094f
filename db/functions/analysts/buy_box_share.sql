create or replace function buy_box_share(
  since timestamptz default '-infinity', until timestamptz default 'infinity'
)
returns table (asin text, marketplace text, item_condition text, share numeric)
language sql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select
    h.asin,
    h.marketplace,
    h.item_condition,
    coalesce(sum(h.seconds) filter (where h.buy_box_winner), 0)
    / nullif(sum(h.seconds), 0) as share
  from (
    select
      p.asin,
      p.marketplace,
      p.item_condition,
      p.buy_box_winner,
      extract(
        epoch from coalesce(lead(p.event_time) over item, least(buy_box_share.until, now()))
        - p.event_time
      ) as seconds
    from price_history as p
    where p.event_time >= since and p.event_time < least(buy_box_share.until, now())
    window item as (
      partition by p.asin, p.marketplace, p.item_condition
      order by moment(p.event_time, null, p.dedupe_hash)
    )
  ) as h
  group by h.asin, h.marketplace, h.item_condition
  order by h.asin, h.marketplace, h.item_condition
$$;

comment on function buy_box_share(timestamptz, timestamptz) is
'The share of time (0 to 1) that you held the buy box, per asin, marketplace and condition, '
'within [since, until): from the first event in the window, each event counting until the next '
'one, the last until the window''s end or now. Null where no time has passed.';
