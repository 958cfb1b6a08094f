-- Index by index, a message at a time: a plan made while the tables were empty stays good when they
-- have grown. Therefore each look-up is lateral and has its "offset 0": the planner cannot join it
-- otherwise, nor keep its rows for later (enable_memoize).
create or replace function recognize(
  message_id text[], body text[], out batch incoming[], out has_new boolean, out has_failed boolean
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_memoize = off
as $$
begin
  select
    array_agg(
      row(
        r.position, r.message_id, r.dedupe_hash, r.failing_since, r.outcome, r.notification_id,
        r.asin, r.marketplace, r.severity, r.trace_id, null, null, null, null, null
      )::incoming
    ),
    bool_or(r.outcome is null),
    bool_or(r.failing_since is not null)
  into batch, has_new, has_failed
  from (
    select
      m.position,
      m.message_id,
      -- a body that came under a stored message's id is not itself stored
      coalesce(n.dedupe_hash, h.dedupe_hash) as dedupe_hash,
      f.failing_since,
      case when n.id is not null or b.id is not null then 'duplicate' end as outcome,
      coalesce(n.id, b.id, time_ordered_id(h.dedupe_hash, m.position)) as notification_id,
      coalesce(n.asin, b.asin) as asin,
      coalesce(n.marketplace, b.marketplace) as marketplace,
      coalesce(n.severity, b.severity) as severity,
      coalesce(n.trace_id, b.trace_id) as trace_id
    from unnest(recognize.message_id, recognize.body)
      with ordinality as m (message_id, body, position)
    left join lateral (
      select
        s.id,
        s.dedupe_hash,
        s.asin,
        s.marketplace,
        s.severity,
        s.trace_id
      from worker_notifications as s
      where s.message_id = m.message_id
      offset 0
    ) as n on true
    cross join lateral (
      select case when n.id is null then dedupe_hash(m.body) end as dedupe_hash
      offset 0
    ) as h
    left join lateral (
      select
        s.id,
        s.asin,
        s.marketplace,
        s.severity,
        s.trace_id
      from worker_notifications as s
      where s.dedupe_hash = h.dedupe_hash
      offset 0
    ) as b on true
    cross join lateral (
      select min(o.first_failed_at) as failing_since
      from (
        select case when s.resolved_at is null then s.first_failed_at end as first_failed_at
        from worker_failures as s
        where s.message_id = m.message_id
        union all
        select s.first_failed_at
        from worker_failures as s
        where s.dedupe_hash = coalesce(n.dedupe_hash, h.dedupe_hash) and s.resolved_at is null
      ) as o
      offset 0
    ) as f
    order by m.position
  ) as r;
end
$$;

comment on function recognize(text[], text[]) is
'The messages of a batch by their ids and bodies; those whose message_id or body is stored are '
'duplicates and have what is stored. has_new: one is none; has_failed: one failed before.';
