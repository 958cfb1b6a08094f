create or replace function retry_failures()
returns table (
  message_id text,
  outcome text,
  acknowledge boolean,
  notification_id uuid,
  asin text,
  marketplace text,
  severity text,
  trace_id text,
  error_type text,
  error_message text
)
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
  select o.message_id, r.*
  from (
    select w.message_id
    from worker_failures as w
    where w.resolved_at is null and w.message_id is not null and w.raw_message #>> '{}' is not null
    order by ingest_order(w.raw_message #>> '{}')
    offset 0
  ) as o
  cross join lateral retry_failure(o.message_id) as r;
end
$$;

comment on function retry_failures() is
'retry_failure() for every open failure whose body is kept, a row each, in one transaction. '
'Example: select * from retry_failures()';
