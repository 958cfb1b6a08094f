do $$
begin
  if to_regprocedure('drop_deployed()') is not null then
    perform drop_deployed();
  end if;
end
$$;

drop index worker_notifications_event_time_idx;
drop index worker_notifications_item_idx;
create index worker_notifications_item_idx
on worker_notifications (asin, marketplace, item_condition, event_time);
drop table item_days_queue;
drop table item_days;
drop table items;
