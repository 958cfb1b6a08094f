-- Where the write itself fails (a constraint, index or trigger that somebody added), no neighbour
-- can be harmed any more, and the message is to blame; unless another session stored it meanwhile.
create or replace function store_alone(
  inout batch incoming[],
  body text[],
  notifications jsonb[],
  out applied text[],
  out has_failed boolean
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  m incoming := batch[1];
  detail text;
begin
  has_failed := false;
  applied := store(batch, notifications);
exception when others or assert_failure then
  if is_outage(sqlstate) then
    raise;
  end if;
  get stacked diagnostics
    m.error_context = pg_exception_context, detail = pg_exception_detail;
  select
    r.batch,
    r.has_failed
  into batch, has_failed
  from recognize(array[m.message_id], body) as r;
  if batch[1].outcome is null then
    batch[1] := blame(m, null, sqlstate, concat_ws(': ', sqlerrm, nullif(detail, '')));
    perform record_failures(batch, body);
  end if;
end
$$;

comment on function store_alone(incoming[], text[], jsonb[]) is
'store() for a batch of one that is to be stored: where the write fails for no fault of the world, '
'the message is recorded as failed. has_failed: it had before, as found then.';
