create or replace function offer_events(
  since timestamptz, until timestamptz, asin text default null
)
returns setof item_events
language sql stable parallel safe
begin atomic
  -- twice by the index rather than once kept: what is kept would be read by one process alone
  with inside as not materialized (
    select e.*
    from item_events as e
    where e.notification_type = 'ANY_OFFER_CHANGED'
      and e.event_time >= offer_events.since
      and e.event_time < offer_events.until
      and (offer_events.asin is null or e.asin = offer_events.asin)
  )

  select e.*
  from inside as e
  union all
  select b.*
  from (select distinct e.asin, e.marketplace, e.item_condition from inside as e) as item
  cross join lateral offers_before(
    item.asin, item.marketplace, item.item_condition, offer_events.since
  ) as b;
end;

comment on function offer_events(timestamptz, timestamptz, text) is
'The ANY_OFFER_CHANGED notifications of since <= event_time < until, of one ASIN or of all, and of '
'each of their items the one before: what the first of them changed.';
