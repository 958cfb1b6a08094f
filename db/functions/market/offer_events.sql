create or replace function offer_events(
  since timestamptz, until timestamptz, asin text default null
)
returns table (
  asin text,
  marketplace text,
  item_condition text,
  event_time timestamptz,
  raw_notification jsonb,
  item bigint,
  event bigint,
  first_time timestamptz,
  next_time timestamptz
)
language sql stable parallel safe
begin atomic
  with inside as (
    select e.*
    from item_events as e
    where e.notification_type = 'ANY_OFFER_CHANGED'
      and e.event_time >= offer_events.since
      and e.event_time < offer_events.until
      and e.asin = offer_events.asin
    union all
    -- by itself, for the plan of "asin is null or asin = $1" reads the items of all
    select e.*
    from item_events as e
    where e.notification_type = 'ANY_OFFER_CHANGED'
      and e.event_time >= offer_events.since
      and e.event_time < offer_events.until
      and offer_events.asin is null
  ),

  events as (
    select e.*
    from inside as e
    union all
    select b.*
    from (select distinct e.asin, e.marketplace, e.item_condition from inside as e) as item
    cross join lateral offers_before(
      item.asin, item.marketplace, item.item_condition, offer_events.since
    ) as b
  )

  select
    e.asin,
    e.marketplace,
    e.item_condition,
    e.event_time,
    e.raw_notification,
    dense_rank() over (order by e.asin, e.marketplace, e.item_condition) as item,
    row_number() over item as event,
    first_value(e.event_time) over item as first_time,
    lead(e.event_time) over item as next_time
  from events as e
  window item as (partition by e.asin, e.marketplace, e.item_condition order by e.moment);
end;

comment on function offer_events(timestamptz, timestamptz, text) is
'The ANY_OFFER_CHANGED notifications of since <= event_time < until, of one ASIN or of all, and of '
'each of their items the one before: what the first of them changed. item numbers the items, event '
'the events of each by moment(), both from 1; first_time is that of the item''s event 1, next_time '
'that of its next, null where there is none here.';
