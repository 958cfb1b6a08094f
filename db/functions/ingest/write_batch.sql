create or replace function write_batch(
  batch incoming[], body text[], notifications jsonb[]
)
returns incoming[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  outcomes constant text[] := array(select coalesce(m.outcome, 'new') from unnest(batch) as m);
  applied integer[];
begin
  if 'failed' = any (outcomes) then
    perform record_failures(batch, body);
  end if;
  if 'new' = any (outcomes) then
    perform store(batch, notifications);
    applied := apply_to_current_state(batch);
  end if;
  if 'failed' = any (outcomes)
    or exists (select from unnest(batch) as m where m.failing_since is not null) then
    perform resolve_failures(batch);
  end if;
  if 'duplicate' = any (outcomes) then
    -- A commit that wrote nothing neither flushes nor waits for a synchronous standby, and what is
    -- repeated may be visible before it is durable. A record of this call's own stands behind it in
    -- the log, so that its flush covers it. (An xid alone would not: it is no record.)
    perform pg_logical_emit_message(true, 'duplicate', '');
  end if;
  return array(
    select
      row(
        m.position, m.message_id, m.dedupe_hash, m.failing_since,
        coalesce(
          m.outcome, case when m.position = any (applied) then 'processed' else 'stale' end
        ),
        m.notification_id, m.asin, m.marketplace, m.severity, m.trace_id, null, null, m.error_type,
        m.error_message, null
      )::incoming
    from unnest(batch) as m
    order by m.position
  );
end
$$;

comment on function write_batch(incoming[], text[], jsonb[]) is
'Writes what became of a batch, each table by one statement, and says which of its messages were '
'applied (processed) and which came too late (stale).';
