create or replace function page_operations_ingest()
returns table (
  window_name text,
  messages bigint,
  per_second numeric,
  p50_s numeric,
  p95_s numeric,
  max_s numeric,
  failures bigint
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    s.window_name, s.messages, round(s.per_second, 2), s.p50_s, s.p95_s, s.max_s, s.failures
  from ingest_stats as s
$$;

comment on function page_operations_ingest() is
'Ingest. Messages stored in each window, the seconds from Amazon''s publishing to stored (median, '
'95th percentile, greatest), and messages that failed.';
