create type amazon_notification as (
  "NotificationType" amazon_text,
  "EventTime" amazon_time,
  "NotificationMetadata" amazon_metadata
);

comment on type amazon_notification is
'A notification, but for its Payload: what that is hangs on its type, see payload_type().';
