create or replace function find_rules(rules text default null)
returns severity_rules
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  rule severity_rules;
begin
  select s.* into rule
  from severity_rules as s
  where case when rules is null then s.active else s.name = rules end;
  if not found then
    raise exception using
      errcode = 'OC101',
      message = case
        when rules is null then 'no severity rules are active'
        else format('there are no severity rules named %L', rules)
      end,
      hint = 'select name, active from severity_rules; lists them.';
  end if;
  return rule;
end
$$;

comment on function find_rules(text) is
'The severity_rules row of that name, the active one where rules is null. Raises OC101 where '
'there is none.';
