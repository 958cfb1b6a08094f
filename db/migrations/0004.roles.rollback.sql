do $$
begin
  if to_regprocedure('drop_deployed()') is not null then
    perform drop_deployed();
  end if;
end
$$;

-- The roles stay: other databases of this server may use them. This one takes its rights back.
do $$
declare
  group_role text;
begin
  foreach group_role in array array['buybox_relay', 'buybox_ui', 'buybox_analyst'] loop
    if to_regrole(group_role) is not null then
      execute format(
        'revoke all on
          worker_notifications, current_state, worker_failures, severity_rules, own_sellers
        from %I',
        group_role
      );
      execute format('revoke all on schema public from %I', group_role);
    end if;
  end loop;
end
$$;
