-- The one look at stored rows that needs an exception block; whoever reads them later needs none.
create or replace function mark_unreadable()
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  n record;
  marked bigint := 0::bigint;
begin
  for n in select r.id, r.raw_notification from readable_notifications as r loop
    begin
      perform a.asin, a.currency from analyze_notification(n.raw_notification) as a;
    exception when others then
      if is_outage(sqlstate) then
        raise;
      end if;
      insert into unreadable_notifications (id) values (n.id);
      marked := marked + 1;
    end;
  end loop;
  return marked;
end
$$;

comment on function mark_unreadable() is
'Marks the stored notifications that cannot be analysed, once, by db/migrate.py: the original '
'worker stored some that ingest would have refused. Returns how many there were.';
