-- Taken before any item's lock, so that whoever waits for it holds nothing that another waits for.
-- PL/pgSQL keeps its plan; before Postgres 18 a function in SQL makes one at each call.
create or replace function hold_rules()
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared('severity_rules'::regclass::oid::integer, 0);
end
$$;

comment on function hold_rules() is
'Keeps activate_severity_rules() waiting until this transaction ends: what it stores is by the '
'rules it read. Many can hold at once.';
