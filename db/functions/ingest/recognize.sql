-- Index by index, a message at a time: a plan made while the tables were empty stays good when they
-- have grown.
create or replace function recognize(message_id text[], dedupe_hash text[])
returns incoming[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  return array(
    select
      row(
        m.position, m.message_id,
        -- a body that came under a stored message's id is not itself stored
        coalesce(b.dedupe_hash, n.dedupe_hash, m.dedupe_hash),
        least(
          f.first_failed_at,
          (
            select min(w.first_failed_at)
            from worker_failures as w
            where w.dedupe_hash = m.dedupe_hash and w.resolved_at is null
          )
        ),
        case when n.id is not null or b.id is not null then 'duplicate' end,
        coalesce(n.id, b.id, time_ordered_id()),
        case when n.id is null then b.asin else n.asin end,
        case when n.id is null then b.marketplace else n.marketplace end,
        case when n.id is null then b.severity else n.severity end,
        case when n.id is null then b.trace_id else n.trace_id end,
        null, null, null, null, null
      )::incoming
    from unnest(recognize.message_id, recognize.dedupe_hash)
      with ordinality as m (message_id, dedupe_hash, position)
    left join worker_notifications as n on m.message_id = n.message_id
    left join worker_notifications as b on m.dedupe_hash = b.dedupe_hash
    left join worker_failures as f on m.message_id = f.message_id and f.resolved_at is null
    order by m.position
  );
end
$$;

comment on function recognize(text[], text[]) is
'The messages of a batch by their ids and hashes; those whose message_id or body is stored are '
'duplicates and have what is stored.';
