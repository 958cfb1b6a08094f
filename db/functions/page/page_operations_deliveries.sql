create or replace function page_operations_deliveries()
returns table (
  created_at timestamptz,
  channel text,
  title text,
  status text,
  attempts integer,
  last_error text,
  sent_at timestamptz
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select d.created_at, d.channel, d.title, d.status, d.attempts, d.last_error, d.sent_at
  from alert_deliveries as d
  order by d.id desc
  limit 200
$$;

comment on function page_operations_deliveries() is
'Deliveries. The messages that told alerts, the newest 200: which channel has them, and what keeps '
'the others.';
