create or replace function fits(value jsonb, shape regtype)
returns boolean
language plpgsql stable parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'select r.member from jsonb_to_record(jsonb_build_object(''member'', $1)) as r (member %s)', shape
  )
  using value;
  return true;
exception when others then
  if is_outage(sqlstate) then
    raise;
  end if;
  return false;
end
$$;

comment on function fits(jsonb, regtype) is
'Can Postgres read this JSON into that type.';
