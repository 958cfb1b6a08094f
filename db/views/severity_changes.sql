create or replace view severity_changes as
select
  s.asin,
  s.marketplace,
  s.item_condition,
  s.event_time,
  s.old_severity,
  s.new_severity,
  s.message_id
from (
  select
    n.asin,
    n.marketplace,
    n.item_condition,
    least(n.event_time, n.received_at) as event_time,
    lag(n.severity) over item as old_severity,
    n.severity as new_severity,
    n.message_id
  from worker_notifications as n
  where has_state(n.notification_type)
  window item as (
    partition by n.asin, n.marketplace, n.item_condition
    order by
      least(n.event_time, n.received_at),
      n.notification_type = 'PRICING_HEALTH',
      moment(n.event_time, n.received_at, n.dedupe_hash)
  )
) as s
where s.new_severity <> s.old_severity;

comment on view severity_changes is
'When an item went from which severity to which, by the events'' times: a row a change. '
'message_id is that of the notification that changed it.';
