-- The roles stay: other databases of this server may use them. This one takes its rights back.
do $$
declare
  group_role text;
begin
  foreach group_role in array array['buybox_relay', 'buybox_ui', 'buybox_analyst'] loop
    if to_regrole(group_role) is not null then
      execute format('revoke all on all tables in schema public from %I', group_role);
      execute format('revoke all on all functions in schema public from %I', group_role);
    end if;
  end loop;
end
$$;
