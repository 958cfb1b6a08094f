create or replace function rejudge_stored(
  rules severity_rules,
  own_sellers text[],
  since timestamptz,
  until timestamptz,
  asin text default null
)
returns table (id uuid, old_severity text, new_severity text)
language sql stable parallel safe
begin atomic
  select
    n.id,
    n.severity as old_severity,
    a.severity as new_severity
  from readable_notifications as n
  cross join lateral analyze_under(n.raw_notification, rules, own_sellers) as a
  where n.received_at >= since
    and n.received_at < until
    and (rejudge_stored.asin is null or n.asin = rejudge_stored.asin)
   ;
end;

comment on function rejudge_stored(severity_rules, text[], timestamptz, timestamptz, text) is
'The severity that a rule set gives each notification received in [since, until), of one ASIN or '
'of all, beside the one stored, for these own sellers. Leaves out what cannot be read. Writes '
'nothing.';
