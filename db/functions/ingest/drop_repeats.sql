-- As if the messages came one after the other: what an earlier one of the batch brought is stored
-- when the later one is looked at. "C" because all that counts is which are the same.
create or replace function drop_repeats(batch incoming[])
returns incoming[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  m incoming;
  first incoming;
  are_distinct boolean;
begin
  select
    count(distinct b.message_id collate "C") = count(*)
    and count(distinct b.dedupe_hash collate "C") = count(*)
  into are_distinct
  from unnest(batch) as b;
  if are_distinct then
    return batch;
  end if;
  for i in 2 .. cardinality(batch) loop
    m := batch[i];
    select b.* into first
    from unnest(batch[:i - 1]) as b
    where b.outcome is null
      and (b.message_id = m.message_id or b.dedupe_hash = m.dedupe_hash)
    order by (b.message_id = m.message_id) desc, b.position asc
    limit 1;
    continue when not found;
    first.position := m.position;
    first.message_id := m.message_id;
    first.failing_since := m.failing_since;
    first.outcome := 'duplicate';
    batch[i] := first;
  end loop;
  return batch;
end
$$;

comment on function drop_repeats(incoming[]) is
'The batch, with each message whose message_id or body stands in an earlier one that is to be '
'stored made a duplicate of that.';
