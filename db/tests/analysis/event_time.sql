-- event_time = EventTime, else TimeOfOfferChange, else publish time; in any zone the session is in.
begin;
select plan(19);
set local timezone = 'America/New_York';

select is(
  (analyze_notification(n.notification::jsonb)).event_time, n.event_time::timestamptz, n.description
)
from (
  values
  (
    'EventTime first', '2023-01-03T00:00:00Z',
    '{"NotificationType": "X", "EventTime": "2023-01-03T00:00:00Z",
      "NotificationMetadata": {"PublishTime": "2023-01-01T00:00:00Z"},
      "Payload": {"AnyOfferChangedNotification": {
        "OfferChangeTrigger": {"TimeOfOfferChange": "2023-01-02T00:00:00Z"}
      }}}'
  ),
  (
    'then TimeOfOfferChange', '2023-01-02T00:00:00Z',
    '{"NotificationType": "X",
      "NotificationMetadata": {"PublishTime": "2023-01-01T00:00:00Z"},
      "Payload": {"AnyOfferChangedNotification": {
        "OfferChangeTrigger": {"TimeOfOfferChange": "2023-01-02T00:00:00Z"}
      }}}'
  ),
  (
    'then PublishTime', '2023-01-01T00:00:00Z',
    '{"NotificationType": "X",
      "NotificationMetadata": {"PublishTime": "2023-01-01T00:00:00Z"},
      "Payload": {"AnyOfferChangedNotification": {"OfferChangeTrigger": {}}}}'
  ),
  ('and else none', null, '{"NotificationType": "X"}'),
  (
    'a time that is null is none', '2023-01-01T00:00:00Z',
    '{"NotificationType": "X", "EventTime": null,
      "NotificationMetadata": {"PublishTime": "2023-01-01T00:00:00Z"}}'
  ),
  (
    'PRICING_HEALTH''s trigger', '2023-01-02T00:00:00Z',
    '{"notificationType": "PRICING_HEALTH",
      "notificationMetadata": {"publishTime": "2023-01-01T00:00:00Z"},
      "payload": {"offerChangeTrigger": {
        "asin": "B0TEST0001", "timeOfOfferChange": "2023-01-02T00:00:00Z"
      }}}'
  )
) as n (description, event_time, notification);

create function pg_temp.event_time_of(written text)
returns timestamptz
language sql
as $$
  select a.event_time
  from analyze_notification(
    jsonb_build_object('NotificationType', 'X', 'EventTime', written)
  ) as a
$$;

select is(pg_temp.event_time_of(t.written), t.utc::timestamptz, t.written)
from (
  values
  ('2023-01-31T09:30:00Z', '2023-01-31 09:30:00+00'),
  ('2023-01-31T09:30:00.123Z', '2023-01-31 09:30:00.123+00'),
  ('2023-01-31T09:30:00.123456Z', '2023-01-31 09:30:00.123456+00'),
  ('2023-01-31T09:30:00', '2023-01-31 09:30:00+00'),
  ('2023-01-31T09:30', '2023-01-31 09:30:00+00'),
  ('2023-01-31', '2023-01-31 00:00:00+00'),
  ('2023-01-31T09:30:00+05:30', '2023-01-31 04:00:00+00'),
  ('2023-01-31T09:30:00-0800', '2023-01-31 17:30:00+00'),
  ('2023-01-31T09:30:00+01', '2023-01-31 08:30:00+00'),
  ('20230131T093000Z', '2023-01-31 09:30:00+00'),
  ('2024-02-29T00:00:00Z', '2024-02-29 00:00:00+00')
) as t (written, utc);

set local datestyle = 'SQL, DMY';
select is(
  (analyze_notification(
    '{"NotificationType": "X", "NotificationMetadata": {"PublishTime": "2023-01-02T09:29:00"}}'
  )).publish_time,
  timestamptz '2023-01-02 09:29:00+00',
  'publish_time is UTC too, whatever the session''s zone'
);

select is(
  pg_temp.event_time_of('2023-02-01T00:00:00'),
  timestamptz '2023-02-01 00:00:00+00',
  'the first of February, whatever the session''s date style'
);

select * from finish();
rollback;
