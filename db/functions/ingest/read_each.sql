-- Each by itself, so that a bad message costs its neighbours nothing.
create or replace function read_each(
  inout batch incoming[], body text[], out notifications jsonb[]
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  read record;
  alone incoming;
begin
  for i in 1 .. cardinality(batch) loop
    continue when batch[i].outcome is not null;
    begin
      select r.* into read
      from read_batch(array[batch[i]], body) as r;
      batch[i] := read.messages[1];
      notifications[i] := read.notifications[1];
    exception when others or assert_failure then
      -- the second half: the functions or types are being deployed anew
      if is_outage(sqlstate)
        or sqlstate in ('42883', '42704', '42P01') or sqlerrm like 'cache lookup failed%' then
        raise;
      end if;
      alone := batch[i];
      get stacked diagnostics alone.error_context = pg_exception_context;
      batch[i] := blame(alone, body[alone.position], sqlstate, sqlerrm);
    end;
  end loop;
end
$$;

comment on function read_each(incoming[], text[]) is
'read_batch() message by message: a bad one costs its neighbours nothing, and is failed with the '
'reason. Raises trouble with the world (is_outage()). Nothing is written here.';
