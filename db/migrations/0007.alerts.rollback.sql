-- What db/migrate.py built on these tables goes first; its next run builds it again.
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
  for object_name in select d.name from _deployed as d where d.kind = 'type' loop
    execute format('drop type if exists %s cascade', object_name);
  end loop;
  delete from _deployed where kind <> 'migration';
end
$$;

drop table alerts;
drop table alert_deliveries;
drop table alert_rules;

-- The role stays: other databases of this server may use it. This one takes its rights back.
do $$
begin
  if to_regrole('buybox_alerter') is not null then
    revoke all on schema public from buybox_alerter;
  end if;
end
$$;
