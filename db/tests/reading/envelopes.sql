-- Amazon sends the bare notification; an operator may have put SNS, EventBridge or both in between.
-- However it is wrapped, what is stored is the notification.
begin;
select plan(16);
\ir ../fixtures.psql

create function pg_temp.sns(message text)
returns text
language sql immutable
return jsonb_build_object(
  'Type', 'Notification',
  'MessageId', '22b80b92-0000-4000-8000-000000000000',
  'TopicArn', 'arn:aws:sns:eu-west-1:123456789012:offers',
  'Message', message,
  'Timestamp', '2023-01-31T09:30:02.000Z',
  'SignatureVersion', '1',
  'Signature', 'EXAMPLE'
)::text;

create function pg_temp.event_bridge(detail text)
returns text
language sql immutable
return jsonb_build_object(
  'version', '0',
  'id', '17793124-0000-4000-8000-000000000000',
  'detail-type', 'ANY_OFFER_CHANGED',
  'source', 'aws.partner/sellingpartnerapi.amazon.com',
  'account', '123456789012',
  'time', '2023-01-31T09:30:02Z',
  'region', 'eu-west-1',
  'resources', '[]'::jsonb,
  'detail', detail::jsonb
)::text;

create temporary table wrapped (description text, asin text, body text) on commit drop;
insert into wrapped
select e.description, n.asin, e.body
from (
  select i as ordinal, 'B0TEST000' || i as asin, pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 10)), asin => 'B0TEST000' || i
  )::text as body
  from generate_series(1, 6) as i
) as n
cross join lateral (
  values
  (1, 'bare', n.body),
  (2, 'in SNS', pg_temp.sns(n.body)),
  (3, 'in EventBridge', pg_temp.event_bridge(n.body)),
  (4, 'in EventBridge in SNS', pg_temp.sns(pg_temp.event_bridge(n.body))),
  (5, 'in SNS in EventBridge', pg_temp.event_bridge(pg_temp.sns(n.body))),
  (6, 'in SNS in SNS', pg_temp.sns(pg_temp.sns(n.body)))
) as e (ordinal, description, body)
where e.ordinal = n.ordinal;

create temporary table ingested on commit drop as
select w.description, w.asin as expected_asin, r.*
from wrapped as w
cross join lateral ingest_notification(w.description, w.body) as r;

select is(
  array[i.outcome, i.asin, i.severity],
  array['processed', i.expected_asin, 'success'],
  i.description
)
from ingested as i;
select is(
  n.raw_notification,
  pg_temp.any_offer_changed(
    jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 10)), asin => i.expected_asin
  ),
  i.description || ': the notification itself is stored'
)
from ingested as i
inner join worker_notifications as n on i.description = n.message_id;
select is(
  n.dedupe_hash,
  encode(sha256(convert_to(w.body, 'UTF8')), 'hex'),
  'the hash is of the body as it came, envelope and all'
)
from wrapped as w
inner join worker_notifications as n on w.description = n.message_id
where w.description = 'in SNS';

select is(r.outcome, 'processed', 'PRICING_HEALTH in SNS')
from ingest_notification('health', pg_temp.sns(pg_temp.pricing_health(12, 10)::text)) as r;

-- Members of an envelope's name do not make one.
select is(
  array[r.outcome, (r.notification_id is not null)::text], array['processed', 'true'],
  'a notification with a Message and a detail of its own is bare'
)
from ingest_notification(
  'no envelope',
  '{"NotificationType": "X", "Type": "Other", "Message": "text", "detail": {"asin": "B0TEST0009"}}'
) as r;
select is(n.notification_type, 'X', 'and stays whole')
from worker_notifications as n
where n.message_id = 'no envelope' and n.raw_notification ? 'Message';

select * from finish();
rollback;
