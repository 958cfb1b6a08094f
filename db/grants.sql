-- Who may do what, in one place; run after every deployment of functions. A role that could not be
-- created is left out. Functions are nobody's but the owner's unless granted here.
do $$
declare
  relay_calls constant text[] := array['ingest_notification', 'ingest_order'];
  -- beside all that only reads
  analyst_calls constant text[] := array[
    'activate_severity_rules', 'rerun_severity', 'rebuild_current_state', 'retry_failure',
    'retry_failures', 'roll_up_days', 'retry_deliveries'
  ];
  alerter_calls constant text[] := array['claim_alerts', 'finish_alert'];
  f record;
  t record;
begin
  for f in
    select p.oid::regprocedure as signature, p.proname, p.provolatile
    from _deployed as d
    inner join pg_proc as p on d.name::regprocedure = p.oid
    where d.kind = 'object' and d.name like '%(%'
  loop
    execute format('revoke all on function %s from public', f.signature);
    if to_regrole('buybox_relay') is not null and f.proname = any (relay_calls) then
      execute format('grant execute on function %s to buybox_relay', f.signature);
    end if;
    if to_regrole('buybox_analyst') is not null
      and (f.provolatile <> 'v' or f.proname = any (analyst_calls)) then
      execute format('grant execute on function %s to buybox_analyst', f.signature);
    end if;
    if to_regrole('buybox_alerter') is not null and f.proname = any (alerter_calls) then
      execute format('grant execute on function %s to buybox_alerter', f.signature);
    end if;
    if to_regrole('buybox_page') is not null and starts_with(f.proname, 'page_') then
      execute format('grant execute on function %s to buybox_page', f.signature);
    end if;
  end loop;

  if to_regrole('buybox_relay') is not null then
    grant usage on schema public to buybox_relay;
  end if;
  if to_regrole('buybox_alerter') is not null then
    grant usage on schema public to buybox_alerter;
  end if;
  if to_regrole('buybox_ui') is not null then
    grant usage on schema public to buybox_ui;
    grant select on current_state to buybox_ui;
  end if;
  if to_regrole('buybox_page') is not null then
    grant usage on schema public to buybox_page;
  end if;
  if to_regrole('buybox_analyst') is not null then
    grant usage on schema public to buybox_analyst;
    for t in
      select c.oid::regclass as name
      from pg_class as c
      where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'v')
        and c.relowner = current_user::regrole
    loop
      execute format('grant select on %s to buybox_analyst', t.name);
    end loop;
    grant insert, update, delete on severity_rules, items, alert_rules to buybox_analyst;
  end if;
end
$$;
