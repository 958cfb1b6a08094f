create or replace function page_item_alerts(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new'
)
returns table (
  created_at timestamptz,
  severity text,
  headline text,
  rule text,
  status text,
  repeats integer
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select a.created_at, a.severity, a.headline, a.rule, a.status, a.repeats
  from alerts as a
  where a.asin = page_item_alerts.asin
    and a.marketplace = page_item_alerts.marketplace
    and a.item_condition = page_item_alerts.item_condition
  order by a.created_at desc, a.id desc
  limit 100
$$;

comment on function page_item_alerts(text, text, text) is
'Alerts. What was found worth telling of this item, the newest 100, and what became of it.';
