-- "offset 0" keeps the planner from remembering what is never asked twice, by keys of kilobytes.
create or replace function analyze_offers(notification jsonb, own_sellers text[])
returns setof notification_analysis
language sql stable parallel safe
rows 1
begin atomic
  select a.*
  from payload_of(analyze_offers.notification) as p (payload)
  cross join lateral analyze_offer_change(p.payload, analyze_offers.own_sellers) as a
  offset 0;
end;

comment on function analyze_offers(jsonb, text[]) is
'analyze_under() of a stored ANY_OFFER_CHANGED, whose severity and times are stored beside it: '
'without those, at two thirds of the cost.';
