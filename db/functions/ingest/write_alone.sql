-- Where the write itself fails (a constraint, index or trigger that somebody added), no neighbour
-- can be harmed any more, and the message is to blame; unless another session stored it meanwhile.
create or replace function write_alone(
  m incoming, body text, notification jsonb, out batch incoming[], out applied integer[]
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  detail text;
begin
  batch := array[m];
  begin
    applied := write_batch(batch, array[body], array[notification]);
    return;
  exception when others or assert_failure then
    if is_outage(sqlstate) then
      raise;
    end if;
    get stacked diagnostics
      m.error_context = pg_exception_context, detail = pg_exception_detail;
    batch := recognize(array[m.message_id], array[m.dedupe_hash]);
    if batch[1].outcome is null then
      batch[1] := blame(m, null, sqlstate, concat_ws(': ', sqlerrm, nullif(detail, '')));
    end if;
  end;
  applied := write_batch(batch, array[body], array[notification]);
end
$$;

comment on function write_alone(incoming, text, jsonb) is
'write_batch() for a batch of one: where the write fails for no fault of the world, the message is '
'recorded as failed.';
