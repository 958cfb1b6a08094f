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
  n.raw_notification
from readable_notifications as n
where has_state(n.notification_type);

comment on view item_events is
'What happened to items: the stored notifications of the types with state that can be read, with '
'the time that orders them. Order by event_time (and dedupe_hash collate "C") per asin, '
'marketplace and item_condition; where both types count, PRICING_HEALTH comes last at equal times.';
