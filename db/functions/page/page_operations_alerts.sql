create or replace function page_operations_alerts()
returns table (
  created_at timestamptz,
  severity text,
  asin text,
  marketplace text,
  marketplace_note text,
  item_condition text,
  headline text,
  rule text,
  status text,
  due_at timestamptz,
  repeats integer
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    a.created_at, a.severity, a.asin, a.marketplace, marketplace_country(a.marketplace),
    a.item_condition, a.headline, a.rule, a.status, a.due_at, a.repeats
  from alerts as a
  order by a.id desc
  limit 200
$$;

comment on function page_operations_alerts() is
'Alerts. What was found worth telling, the newest 200, and what became of it.';
