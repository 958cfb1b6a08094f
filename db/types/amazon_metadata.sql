create type amazon_metadata as (
  "PublishTime" amazon_time,
  "NotificationId" amazon_text
);

comment on type amazon_metadata is
'When Amazon sent a notification, and what it calls it.';
