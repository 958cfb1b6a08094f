-- The role stays: other databases of this server may use it. This one takes its rights back.
do $$
begin
  if to_regrole('buybox_page') is not null then
    revoke all on all functions in schema public from buybox_page;
    revoke all on schema public from buybox_page;
  end if;
end
$$;
