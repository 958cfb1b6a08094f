-- In the order of ingest, which counts repeats on the same rows: of the items' locks, then of the
-- alerts. Whoever waits for an alert's lock, waits here.
create or replace function lock_alerts(deliveries bigint[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform
  from alerts as a
  where a.delivery_id = any (deliveries)
  order by item_lock(a.asin), a.id
  for update;
end
$$;

comment on function lock_alerts(bigint[]) is
'Locks the alerts of these deliveries, until the transaction ends, in the order that keeps two '
'transactions from waiting for each other. The caller holds no lock on another alert.';
