create or replace view item_events as
select
  n.id,
  n.asin,
  n.marketplace,
  n.item_condition,
  n.notification_type,
  least(n.event_time, n.received_at) as event_time,
  n.severity,
  n.message_id,
  n.dedupe_hash,
  n.raw_notification,
  moment(n.event_time, n.received_at, n.dedupe_hash) as moment
from readable_notifications as n
where has_state(n.notification_type);

comment on view item_events is
'What happened to items: the stored notifications of the types with state that can be read. Order '
'by moment per asin, marketplace, item_condition and type; event_time is its time, for windows. '
'Where both types count, order by event_time, PRICING_HEALTH last, then moment.';
