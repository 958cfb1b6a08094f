-- What db/migrate.py built on the tables goes first; its next run builds it again. A later
-- migration whose rollback drops a column or a type has to begin with this block, too.
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

-- The roles stay: other databases of this server may use them. This one takes its rights back.
do $$
declare
  group_role text;
begin
  foreach group_role in array array['buybox_relay', 'buybox_ui', 'buybox_analyst'] loop
    if to_regrole(group_role) is not null then
      execute format(
        'revoke all on
          worker_notifications, current_state, worker_failures, severity_rules, own_sellers
        from %I',
        group_role
      );
      execute format('revoke all on schema public from %I', group_role);
    end if;
  end loop;
end
$$;
