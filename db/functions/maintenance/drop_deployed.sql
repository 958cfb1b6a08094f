-- For rollbacks alone: what stands on tables and columns would be in their way. Its last victim may
-- be itself, which Postgres allows.
create or replace function drop_deployed()
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  victim record;
  signature regprocedure;
begin
  for victim in  -- types last, for signatures name them
    select d.name, d.kind from _deployed as d where d.kind in ('object', 'type') order by d.kind
  loop
    if victim.kind = 'type' then
      execute format('drop type if exists %I cascade', victim.name);
    elsif victim.name not like '%(%' then
      execute format('drop view if exists %I cascade', victim.name);
    elsif to_regprocedure(victim.name) is not null then
      signature := to_regprocedure(victim.name);
      execute format('drop function %s cascade', signature);
    end if;
  end loop;
  delete from _deployed where kind <> 'migration';
end
$$;

comment on function drop_deployed() is
'Drops every type, function and view that db/migrate.py deployed, itself too, and all that others '
'built on them. The next make migrate deploys them again.';
