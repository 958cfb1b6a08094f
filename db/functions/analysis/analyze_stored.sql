-- Parallel restricted: an exception block is a subtransaction, which a parallel worker cannot
-- start.
create or replace function analyze_stored(notification jsonb)
returns notification_analysis
language plpgsql stable parallel restricted
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return analyze_notification(notification);
exception when others then
  if is_outage(sqlstate) then
    raise;
  end if;
  return null;
end
$$;

comment on function analyze_stored(jsonb) is
'analyze_notification(), but null for a notification that it refuses: the original worker stored '
'some that this one would not have.';
