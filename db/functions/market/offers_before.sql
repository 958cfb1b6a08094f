create or replace function offers_before(
  asin text, marketplace text, item_condition text, until timestamptz
)
returns setof item_events
language sql stable parallel safe
begin atomic
  select e.*
  from item_events as e
  where e.asin = offers_before.asin
    and e.marketplace = offers_before.marketplace
    and e.item_condition = offers_before.item_condition
    and e.notification_type = 'ANY_OFFER_CHANGED'
    and e.event_time < offers_before.until
  order by e.event_time desc, e.moment desc  -- the former is in the latter, and has the index
  limit 1;
end;

comment on function offers_before(text, text, text, timestamptz) is
'The last ANY_OFFER_CHANGED of an item before a time: what was so until then. No row where there '
'is none.';
