-- All by one plan, which costs a fraction of one each. Where that raises, each by itself, so that a
-- bad message costs its neighbours nothing. Nothing is written here.
create or replace function read_batch(
  inout batch incoming[],
  body text[],
  rules severity_rules,
  own_sellers text[],
  out notifications jsonb[]
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  whole constant incoming[] := batch;
  alone incoming;
  read record;
  context text;
begin
  select
    array_agg(
      case
        when r.outcome is null then row(
          r.position, r.message_id, r.dedupe_hash, r.failing_since, null, r.id, (r.a).asin,
          (r.a).marketplace, (r.a).severity, r.id::text, r.a,
          moment((r.a).event_time, coalesce(r.failing_since, now()), r.dedupe_hash),
          null, null, null
        )::incoming
        else r.known
      end
      order by r.position
    ),
    array_agg(r.notification order by r.position)
  into batch, notifications
  from (
    select
      n.*,
      time_ordered_id() as id,
      case
        when n.outcome is null
          then (select a from analyze_under(n.notification, rules, own_sellers) as a)
      end as a
    from (
      select
        m.*,
        m as known,
        case when m.outcome is null then unwrap_envelope(body[m.position]) end as notification
      from unnest(batch) as m
      offset 0
    ) as n
    offset 0
  ) as r;
exception when others or assert_failure then
  -- The second half: the functions or types are being deployed anew.
  if is_outage(sqlstate)
    or sqlstate in ('42883', '42704', '42P01') or sqlerrm like 'cache lookup failed%' then
    raise;
  end if;
  batch := whole;
  if cardinality(batch) = 1 then
    get stacked diagnostics context = pg_exception_context;
    alone := blame(batch[1], body[batch[1].position], sqlstate, sqlerrm);
    alone.error_context := context;
    batch[1] := alone;
    return;
  end if;
  for i in 1 .. cardinality(batch) loop
    continue when batch[i].outcome is not null;
    select r.* into read
    from read_batch(array[batch[i]], body, rules, own_sellers) as r;
    batch[i] := read.batch[1];
    notifications[i] := read.notifications[1];
  end loop;
end
$$;

comment on function read_batch(incoming[], text[], severity_rules, text[]) is
'What the messages of a batch say, with the notifications themselves; the bad ones failed, with '
'the reason. Raises trouble with the world (is_outage()).';
