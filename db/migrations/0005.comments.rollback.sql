-- Comments go with their tables. What db/migrate.py built on the tables goes first, being the
-- newest: every rollback starts here, and the next run of db/migrate.py builds it again.
do $$
declare
  object_name text;
begin
  if to_regclass('_deployed') is null then
    return;
  end if;
  for object_name in select d.name from _deployed as d where d.kind = 'object' loop
    execute format(
      'drop %s if exists %s cascade',
      case when object_name like '%(%' then 'function' else 'view' end, object_name
    );
  end loop;
  delete from _deployed where kind = 'object';
end
$$;
