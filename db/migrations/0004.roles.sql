-- Group roles without login; a login gets one by "grant buybox_ui to …". Roles belong to the whole
-- server, so they may stand already, and a user who may not create roles goes without:
-- db/grants.sql grants to those that exist.
-- depends: 0003.own-sellers

do $$
declare
  group_role text;
begin
  foreach group_role in array array['buybox_relay', 'buybox_ui', 'buybox_analyst'] loop
    if to_regrole(group_role) is null then
      begin
        execute format('create role %I nologin', group_role);
      exception
        when insufficient_privilege then
          raise notice 'this user may not create roles: % is left out', group_role;
        when duplicate_object or unique_violation then
          null;  -- another database's migration made it meanwhile
      end;
    end if;
  end loop;
end
$$;
