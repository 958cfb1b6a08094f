create type amazon_notification as (
  "NotificationType" amazon_text,
  "EventTime" amazon_time,
  "NotificationMetadata" amazon_metadata,
  "Payload" jsonb
);

comment on type amazon_notification is
'A notification. What its Payload is hangs on its type: see payload_type().';
