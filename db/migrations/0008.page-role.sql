-- The group role of the page (board.py), as 0004 makes the others.
-- depends: 0007.alerts

do $$
begin
  if to_regrole('buybox_page') is null then
    create role buybox_page nologin;
  end if;
exception
  when insufficient_privilege then
    raise notice 'this user may not create roles: buybox_page is left out';
  when duplicate_object or unique_violation then
    null;  -- another database's migration made it meanwhile
end
$$;
