-- Each branch is one look-up by one unique index, so that a plan made while the tables were empty
-- stays good when they have grown.
create or replace function recognize(message_id text[], body text[])
returns incoming[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array(
    select
      row(
        m.position, m.message_id, m.dedupe_hash, f.failing_since,
        case when k.id is not null then 'duplicate' end, k.id, k.asin, k.marketplace, k.severity,
        k.trace_id, null, null, null, null, null
      )::incoming
    from (
      select
        u.message_id,
        u.position::integer,
        encode(sha256(convert_to(u.body, 'UTF8')), 'hex') as dedupe_hash
      from unnest(recognize.message_id, recognize.body)
        with ordinality as u (message_id, body, position)
      offset 0
    ) as m
    left join lateral (
      (
        select n.id, n.asin, n.marketplace, n.severity, n.trace_id
        from worker_notifications as n
        where n.message_id = m.message_id
        union all
        select n.id, n.asin, n.marketplace, n.severity, n.trace_id
        from worker_notifications as n
        where n.dedupe_hash = m.dedupe_hash
      )
      limit 1
    ) as k on true
    cross join lateral (
      select min(w.first_failed_at) as failing_since
      from (
        select w.first_failed_at
        from worker_failures as w
        where w.message_id = m.message_id and w.resolved_at is null
        union all
        select w.first_failed_at
        from worker_failures as w
        where w.dedupe_hash = m.dedupe_hash and w.resolved_at is null
      ) as w
    ) as f
    order by m.position
  );
end
$$;

comment on function recognize(text[], text[]) is
'A batch as it came, with its hashes; those whose message_id or body is stored are duplicates and '
'have what is stored.';
