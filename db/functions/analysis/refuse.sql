-- Stable, because what is immutable is called, and would raise, while a query is planned.
create or replace function refuse(code text, complaint text, hint text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  raise exception using errcode = code, message = complaint, hint = refuse.hint;
end
$$;

comment on function refuse(text, text, text) is
'Raises what it is given: for an SQL expression that has to.';
