create or replace view ingest_stats as
select
  w.window_name,
  n.messages,
  n.messages / extract(epoch from w.width) as per_second,
  round(n.p50_s::numeric, 3) as p50_s,
  round(n.p95_s::numeric, 3) as p95_s,
  round(n.max_s, 3) as max_s,
  f.failures
from (
  values
  ('5 min', interval '5 minutes'),
  ('1 hour', interval '1 hour'),
  ('24 hours', interval '24 hours')
) as w (window_name, width)
cross join lateral (
  select
    count(*) as messages,
    percentile_cont(0.5) within group (
      order by extract(epoch from s.processed_at - s.publish_time)
    ) as p50_s,
    percentile_cont(0.95) within group (
      order by extract(epoch from s.processed_at - s.publish_time)
    ) as p95_s,
    max(extract(epoch from s.processed_at - s.publish_time)) as max_s
  from worker_notifications as s
  where s.received_at >= now() - w.width
) as n
cross join lateral (
  select count(*) as failures
  from worker_failures as s
  where s.last_failed_at >= now() - w.width
) as f
order by w.width;

comment on view ingest_stats is
'How ingest does, over the last 5 minutes, hour and 24 hours: messages stored, the seconds from '
'their publish_time to processed_at (median, 95th percentile, greatest), and the messages that '
'failed.';
