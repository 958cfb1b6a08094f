-- What happens to a batch, in order: locked, recognised, read, written. A message that is itself
-- bad ends in worker_failures; trouble with the world is raised to the caller, and so is a write
-- that fails for one message of several, for then they are to come one by one.
create or replace function ingest_notification(message_id text[], body text[])
returns table (
  "position" integer, -- noqa: RF06
  outcome text,
  acknowledge boolean,
  notification_id uuid,
  asin text,
  marketplace text,
  severity text,
  trace_id text,
  error_type text,
  error_message text
)
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
set exit_on_error = off
as $$
declare
  known record;
  is_bad boolean := false;  -- one of them, by the look of it
  batch incoming[];
  notifications jsonb[];
  written record;
  applied text[];
begin
  if body is null or cardinality(message_id) is distinct from cardinality(body)
    or array_lower(message_id, 1) <> 1 or array_lower(body, 1) <> 1
    or array_position(message_id, null) > 0 or array_position(body, null) > 0 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'message_id and body must be arrays of one length, from 1 on, without nulls',
      hint = 'Each message of the batch has its id and its body at the same place.';
  elsif current_setting('transaction_read_only')::boolean then
    raise read_only_sql_transaction using message = 'the database is read-only: nothing is stored';
  elsif cardinality(body) = 0 then
    return;
  end if;

  perform hold_rules();
  perform pg_advisory_xact_lock(l.number)
  from (
    select ingest_order(b.body) as number
    from unnest(body) as b (body)
    order by number
    offset 0
  ) as l;

  known := recognize(message_id, body);
  batch := known.batch;
  if known.has_new then
    begin
      select r.* into batch, notifications
      from read_batch(batch, body) as r;
    exception when others or assert_failure then
      select r.* into batch, notifications
      from read_each(batch, body) as r;
      is_bad := true;
    end;
    batch := drop_repeats(batch);
    if is_bad then
      perform record_failures(batch, body);
      known.has_new := exists (select from unnest(batch) as m where m.outcome is null);
    end if;
    if known.has_new and cardinality(batch) = 1 then
      written := store_alone(batch, body, notifications);
      batch := written.batch;
      applied := written.applied;
      known.has_failed := known.has_failed or written.has_failed;
    elsif known.has_new then
      applied := store(batch, notifications);
    end if;
  elsif current_setting('synchronous_standby_names') <> ''
    or pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() then
    -- A commit that wrote nothing neither flushes nor waits for a synchronous standby, and what is
    -- repeated may be visible before it is durable: where somebody commits asynchronously, or where
    -- a wait for the standby was cut short. A record of this call's own stands behind it in the
    -- log, so that its flush covers it. (An xid alone would not: it is no record.)
    perform pg_logical_emit_message(true, 'duplicate', '');
  end if;
  if known.has_failed or is_bad then
    perform resolve_failures(batch);
  end if;

  return query
  select
    m.position,
    coalesce(
      m.outcome,
      case
        when not (m.analysis).has_state or m.dedupe_hash = any (applied) then 'processed'
        else 'stale'
      end
    ),
    m.outcome is distinct from 'failed',
    m.notification_id,
    m.asin,
    m.marketplace,
    m.severity,
    m.trace_id,
    m.error_type,
    m.error_message
  from unnest(batch) as m;
end
$$;

comment on function ingest_notification(text[], text[]) is
'Ingests a batch of SQS messages in one transaction: message_id as SQS gave them, body exactly as '
'received (bare notification, or in an SNS or EventBridge envelope). Returns a row a message; '
'position is its place in the arrays, from 1. outcome: processed (stored, and applied where its '
'type has state), stale (stored; current_state holds, or the batch brings, a newer event), '
'duplicate (this message_id or body is stored, or stands earlier in the batch; every value is the '
'stored one''s), failed (the message is bad; worker_failures says why). acknowledge: may the '
'message be deleted from the queue. trace_id ties this row, the failure and the log line together. '
'A bad message costs its neighbours nothing. An empty batch returns no row and raises what would '
'keep any batch from being stored. Raises 22023 for arrays that are not alike, trouble with the '
'world (is_outage()), and what a write raises that one message of several makes fail: then repeat '
'them one by one, each in its own transaction. Safe to repeat, in any order and beside itself. '
'Example: select position, outcome from ingest_notification(array[''m-1'', ''m-2''], '
'array[''{"NotificationType": "PING"}'', ''no JSON''])';

create or replace function ingest_notification(
  message_id text,
  body text,
  out outcome text,
  out acknowledge boolean,
  out notification_id uuid,
  out asin text,
  out marketplace text,
  out severity text,
  out trace_id text,
  out error_type text,
  out error_message text
)
language sql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    i.outcome,
    i.acknowledge,
    i.notification_id,
    i.asin,
    i.marketplace,
    i.severity,
    i.trace_id,
    i.error_type,
    i.error_message
  from ingest_notification(
    array[ingest_notification.message_id], array[ingest_notification.body]
  ) as i
$$;

comment on function ingest_notification(text, text) is
'Ingests one message: the batch of one, and the same row without position. Who calls it several '
'times in one transaction does so in ingest_order(). '
'Example: select outcome, acknowledge from ingest_notification(''m-1'', '
'''{"NotificationType": "PING"}'')';
