-- All by one plan, which costs a fraction of one each. The arrays are in the order of the innermost
-- query, which costs nothing: an "order by" of array_agg() would copy each message into a sort.
create or replace function read_batch(batch incoming[], body text[])
returns table (messages incoming[], notifications jsonb[])
language sql stable parallel safe
rows 1
begin atomic
  select
    array_agg(
      case
        when r.outcome is null then row(
          r.position, r.message_id, r.dedupe_hash, r.failing_since, null, r.notification_id,
          (r.a).asin, (r.a).marketplace, (r.a).severity, r.notification_id::text, r.a,
          moment((r.a).event_time, coalesce(r.failing_since, now()), r.dedupe_hash),
          null, null, null
        )::incoming
        else read_batch.batch[r.ordinality]
      end
    ) as messages,
    array_agg(r.notification) as notifications
  from (
    select
      n.*,
      case
        when n.outcome is null
          then (select a from analyze_under(n.notification, i.rules, i.own_sellers) as a)
      end as a
    from in_force() as i
    cross join lateral (
      select
        p.ordinality,
        p.position,
        p.message_id,
        p.dedupe_hash,
        p.failing_since,
        p.outcome,
        p.notification_id,
        unwrap_envelope(p.body) as notification
      from (
        select
          m.*,
          case when m.outcome is null then read_batch.body[m.position]::jsonb end as body
        from unnest(read_batch.batch) with ordinality as m
        order by m.ordinality
        offset 0
      ) as p
      offset 0
    ) as n
    offset 0
  ) as r;
end;

comment on function read_batch(incoming[], text[]) is
'What those of a batch that are to be stored say, with the notifications themselves. Raises what '
'the first bad one makes it raise: see read_each().';
