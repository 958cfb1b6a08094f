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

drop index worker_notifications_event_time_idx;
drop index worker_notifications_item_idx;
create index worker_notifications_item_idx
on worker_notifications (asin, marketplace, item_condition, event_time);
drop table item_days_queue;
drop table item_days;
drop table items;
