-- The maintenance lock comes first, as in everything that takes both, so that a rerun in the same
-- transaction does not wait for one that waits for it.
create or replace function activate_severity_rules(name text)
returns void
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  -- '' names no set, where null would mean the active one
  chosen constant severity_rules := find_rules(coalesce(activate_severity_rules.name, ''));
begin
  perform begin_maintenance();
  perform pg_advisory_xact_lock('severity_rules'::regclass::oid::integer, 0);
  update severity_rules as s set active = false where s.active;
  update severity_rules as s set active = true where s.name = chosen.name;
end
$$;

comment on function activate_severity_rules(text) is
'Puts a set of severity_rules in force. Waits for the batches in flight, which are by the old '
'set; whatever is ingested after its commit is by the new one. What is stored keeps its severity '
'until rerun_severity(). Raises OC101 for an unknown set. '
'Example: select activate_severity_rules(''default'')';
