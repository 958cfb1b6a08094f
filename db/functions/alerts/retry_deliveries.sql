create or replace function retry_deliveries()
returns integer
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  dead bigint[] := array(
    select d.id from alert_deliveries as d where d.status = 'dead' order by d.id for update
  );
begin
  perform lock_alerts(dead);
  update alerts as a
  set status = 'pending', due_at = now()
  where a.delivery_id = any (dead);
  -- attempts goes on: an attempt's number names it for ever.
  update alert_deliveries as d
  set status = 'waiting', leased_until = now(), attempts_before = d.attempts
  where d.id = any (dead);
  if dead <> '{}' then
    perform pg_notify('alerts', '');
  end if;
  return cardinality(dead);
end
$$;

comment on function retry_deliveries() is
'Makes every dead delivery due now, with eight attempts and six hours anew, and its alerts pending '
'again. Returns how many. For when the cause is mended: a wrong URL, a receiver that was away. '
'Example: select retry_deliveries()';
