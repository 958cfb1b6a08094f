create or replace function newest_of(batch incoming[], notification_type text)
returns setof incoming
language sql immutable parallel safe
begin atomic
  select distinct on (m.asin, m.marketplace, (m.analysis).item_condition) m.*
  from unnest(batch) as m
  where m.outcome is null
    and (m.analysis).notification_type = newest_of.notification_type
  order by m.asin asc, m.marketplace asc, (m.analysis).item_condition asc, m.moment desc;
end;

comment on function newest_of(incoming[], text) is
'Of the messages of a type that are to be stored, the newest of each item.';
