create type incoming as (
  position integer,
  message_id text,
  dedupe_hash text,
  failing_since timestamptz,
  outcome text,
  notification_id uuid,
  asin text,
  marketplace text,
  severity text,
  trace_id text,
  analysis notification_analysis,
  moment event_moment,
  error_type text,
  error_message text,
  error_context text
);

comment on type incoming is
'What is known of a message on its way through ingest_notification(). outcome is null while it is '
'to be stored; failing_since: when it, or its body, failed first.';
