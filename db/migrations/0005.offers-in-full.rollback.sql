-- What db/migrate.py built on these columns goes first; its next run builds it again.
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

alter table current_state
drop column buy_box_seller,
drop column buy_box_is_fba,
drop column buy_box_suppressed,
drop column competitive_price,
drop column sales_rank,
drop column reference_price;

drop table unreadable_notifications;

alter table severity_rules drop constraint severity_rules_name_check;
alter table severity_rules add constraint severity_rules_name_check check (btrim(name) <> '');
