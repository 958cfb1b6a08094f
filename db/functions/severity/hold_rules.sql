-- Taken before any item's lock, so that whoever waits for it holds nothing that another waits for.
create or replace function hold_rules()
returns void
language sql volatile parallel unsafe
return pg_advisory_xact_lock_shared('severity_rules'::regclass::oid::integer, 0);

comment on function hold_rules() is
'Keeps activate_severity_rules() waiting until this transaction ends: what it stores is by the '
'rules it read. Many can hold at once.';
