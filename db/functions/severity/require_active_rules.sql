create or replace function require_active_rules()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform find_rules();
  return null;
end
$$;

comment on function require_active_rules() is
'Constraint trigger of severity_rules, checked at commit: one set is always active. (That there '
'are not two is the index severity_rules_one_active''s.) Raises OC101 where none would be.';
