-- Who may do what, in one place; run after every deployment of functions. A role that could not be
-- created is left out. Functions are nobody's but the owner's unless granted here.
do $$
declare
  statement text;
begin
  for statement in
    with
    functions as (
      select p.oid::regprocedure as signature, p.proname as name, p.provolatile as volatility
      from _deployed as d
      inner join pg_proc as p on d.name::regprocedure = p.oid
      where d.kind = 'object' and d.name like '%(%'
    ),

    roles as (select r.rolname as name from pg_roles as r where starts_with(r.rolname, 'buybox_'))

    select format('revoke all on function %s from public', f.signature)
    from functions as f
    union all
    select format('grant execute on function %s to %I', f.signature, r.name)
    from functions as f
    inner join roles as r on case r.name
      when 'buybox_relay' then f.name in ('ingest_notification', 'ingest_order')
      when 'buybox_analyst' then f.volatility <> 'v' or f.name in (
        'activate_severity_rules', 'rerun_severity', 'rebuild_current_state', 'retry_failure',
        'retry_failures', 'roll_up_days', 'retry_deliveries'
      )
      when 'buybox_alerter' then f.name in ('claim_alerts', 'finish_alert')
      when 'buybox_page' then starts_with(f.name, 'page_')
    end
    union all
    select format('grant usage on schema public to %I', r.name)
    from roles as r
    where r.name in (
      'buybox_relay', 'buybox_ui', 'buybox_analyst', 'buybox_alerter', 'buybox_page'
    )
    union all
    select format('grant select on %s to %I', c.oid::regclass, r.name)
    from pg_class as c
    inner join roles as r
      on r.name = 'buybox_analyst' or (r.name = 'buybox_ui' and c.relname = 'current_state')
    where c.relnamespace = 'public'::regnamespace
      and c.relkind in ('r', 'v')
      and c.relowner = current_user::regrole
    union all
    select 'grant insert, update, delete on severity_rules, items, alert_rules to buybox_analyst'
    from roles as r
    where r.name = 'buybox_analyst'
  loop
    execute statement;
  end loop;
end
$$;
