do $$
begin
  if to_regprocedure('drop_deployed()') is not null then
    perform drop_deployed();
  end if;
end
$$;

drop table alerts;
drop table alert_deliveries;
drop table alert_rules;

-- The role stays: other databases of this server may use it. This one takes its rights back.
do $$
begin
  if to_regrole('buybox_alerter') is not null then
    revoke all on schema public from buybox_alerter;
  end if;
end
$$;
