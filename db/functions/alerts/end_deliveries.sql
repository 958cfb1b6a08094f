create or replace function end_deliveries(ids bigint[], alert_status text, error text default null)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  update alerts as a
  set status = alert_status
  where a.delivery_id = any (ids);
  update alert_deliveries as d
  set
    status = case alert_status when 'sent' then 'sent' else 'dead' end,
    leased_until = null,
    last_error = coalesce(left(end_deliveries.error, 500), d.last_error),
    sent_at = case alert_status when 'sent' then now() end
  where d.id = any (ids);
end
$$;

comment on function end_deliveries(bigint[], text, text) is
'Ends deliveries and their alerts: alert_status is sent, or else dead or expired, and the delivery '
'dead. The caller holds both locked (lock_alerts).';
