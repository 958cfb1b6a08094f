create or replace function write_batch(batch incoming[], body text[], notifications jsonb[])
returns integer[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  has record;
  applied integer[];
begin
  select
    bool_or(m.outcome = 'failed') as failed,
    bool_or(m.outcome is null) as new,
    bool_or(m.outcome = 'duplicate') as duplicate,
    bool_or(m.failing_since is not null) as failed_before
  into has
  from unnest(batch) as m;

  if has.failed then
    perform record_failures(batch, body);
  end if;
  if has.new then
    perform store(batch, notifications);
    applied := apply_to_current_state(batch);
  end if;
  if has.failed or has.failed_before then
    perform resolve_failures(batch);
  end if;
  if has.duplicate and (
    current_setting('synchronous_standby_names') <> ''
    or pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()
  ) then
    -- A commit that wrote nothing neither flushes nor waits for a synchronous standby, and what is
    -- repeated may be visible before it is durable: where somebody commits asynchronously, or where
    -- a wait for the standby was cut short. A record of this call's own stands behind it in the
    -- log, so that its flush covers it. (An xid alone would not: it is no record.)
    perform pg_logical_emit_message(true, 'duplicate', '');
  end if;
  return applied;
end
$$;

comment on function write_batch(incoming[], text[], jsonb[]) is
'Writes what became of a batch, each table by one statement. Returns the positions of the messages '
'that were applied to current_state or bear on no state; those stored besides came too late.';
