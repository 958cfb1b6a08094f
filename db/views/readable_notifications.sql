-- The payload is null where it cannot be read, though no such row is left: where the planner thinks
-- few are left, it may analyse first and leave out then, and only data stops it.
create or replace view readable_notifications as
select
  n.id,
  n.message_id,
  n.dedupe_hash,
  n.asin,
  n.marketplace,
  n.item_condition,
  n.notification_type,
  n.event_time,
  n.received_at,
  n.severity,
  case when u.id is null then n.raw_notification end as raw_notification
from worker_notifications as n
left join unreadable_notifications as u on n.id = u.id
where u.id is null;

comment on view readable_notifications is
'worker_notifications without those that cannot be analysed (mark_unreadable()): what every '
'analysis of what is stored reads, so that none needs an exception block.';
