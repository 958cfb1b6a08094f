create or replace function derive_severities(
  rule severity_rules, since timestamptz, until timestamptz, asin text default null
)
returns table (id uuid, old_severity text, new_severity text)
language sql stable parallel restricted
set search_path = pg_catalog, public, pg_temp
as $$
  select
    n.id,
    n.severity as old_severity,
    case
      when a.severity is null then n.severity  -- could not be analysed
      else severity_of(rule, a)
    end as new_severity
  from worker_notifications as n
  cross join lateral analyze_stored(n.raw_notification) as a
  where n.received_at >= since
    and n.received_at < until
    and (derive_severities.asin is null or n.asin = derive_severities.asin)
$$;

comment on function derive_severities(severity_rules, timestamptz, timestamptz, text) is
'The severity that a rule set gives each notification received in [since, until), of one ASIN or '
'of all, beside the one stored. One that cannot be analysed keeps the one stored. Writes nothing.';
