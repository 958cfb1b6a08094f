-- Where the write itself fails (a constraint, index or trigger that somebody added), no neighbour
-- can be harmed any more, and the message is to blame; unless another session stored it meanwhile.
create or replace function write_alone(
  m incoming, body text, notification jsonb, out written incoming, out applied integer[]
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  known incoming;
  detail text;
begin
  written := m;
  begin
    applied := write_batch(array[m], array[body], array[notification]);
    return;
  exception when others or assert_failure then
    if is_outage(sqlstate) then
      raise;
    end if;
    get stacked diagnostics
      written.error_context = pg_exception_context, detail = pg_exception_detail;
    known := (recognize(array[m.message_id], array[m.dedupe_hash]))[1];
    if known.outcome is null then
      written := blame(written, null, sqlstate, concat_ws(': ', sqlerrm, nullif(detail, '')));
    else
      written := known;
    end if;
  end;
  applied := write_batch(array[written], array[body], array[notification]);
end
$$;

comment on function write_alone(incoming, text, jsonb) is
'write_batch() for a batch of one: where the write fails for no fault of the world, the message is '
'recorded as failed.';
