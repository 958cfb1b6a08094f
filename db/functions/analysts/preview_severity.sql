create or replace function preview_severity(rules text, since timestamptz, until timestamptz)
returns table (old_severity text, new_severity text, notifications bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  rule constant severity_rules := find_rules(rules);
  sellers constant text[] := own_seller_ids();
begin
  return query
  select d.old_severity, d.new_severity, count(*)
  from rejudge_stored(rule, sellers, since, until) as d
  group by d.old_severity, d.new_severity
  order by count(*) desc, d.old_severity, d.new_severity;
end
$$;

comment on function preview_severity(text, timestamptz, timestamptz) is
'What a set of severity_rules would make of the notifications received in [since, until): how '
'many went from which severity to which, those that stay included. Writes nothing; '
'rerun_severity() under that set changes exactly the rows whose severities differ here. rules '
'null means the active set. Raises OC101 for an unknown set. '
'Example: select * from preview_severity(''default'', now() - interval ''7 days'', now())';
