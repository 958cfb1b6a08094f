-- All or none, without a wait: ingest counts repeats on the same rows in the order of its batch,
-- and who held one of them while waiting for another could deadlock with it.
create or replace function lock_alerts(deliveries bigint[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  loop
    begin
      perform
      from alerts as a
      where a.delivery_id = any (deliveries)
      order by lock_of_item(a.asin), a.id
      for update nowait;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.01);  -- holding none
    end;
  end loop;
end
$$;

comment on function lock_alerts(bigint[]) is
'Locks the alerts of these deliveries until the transaction ends, without ever holding one of them '
'while it waits for another. The caller holds no lock on an alert.';
