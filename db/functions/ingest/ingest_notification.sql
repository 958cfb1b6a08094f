-- What happens to a message, in order: recognised, or else locked, analysed, stored and applied. A
-- message that is itself bad ends in worker_failures; trouble with the world is raised to the
-- caller. The lock is taken outside the inner block, whose rollback would release it before the
-- failure is written.
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
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  hash text := encode(sha256(convert_to(body, 'UTF8')), 'hex');
  known record;
  first_received_at timestamptz;
  notification jsonb;
  a notification_analysis;
  happened_at timestamptz;
  applied boolean;
  error_detail text;
  error_context text;
begin
  for attempt in 1 .. 2 loop
    -- Each branch is one lookup by one unique index, so that a plan made while the tables were
    -- empty stays good when they have grown.
    select k.*, f.failing_since
    into known
    from (
      select min(w.first_failed_at) as failing_since
      from (
        select w.first_failed_at
        from worker_failures as w
        where w.message_id = ingest_notification.message_id and w.resolved_at is null
        union all
        select w.first_failed_at
        from worker_failures as w
        where w.dedupe_hash = hash and w.resolved_at is null
      ) as w
    ) as f
    left join (
      (
        select n.id, n.dedupe_hash, n.asin, n.marketplace, n.severity, n.trace_id
        from worker_notifications as n
        where n.message_id = ingest_notification.message_id
        union all
        select n.id, n.dedupe_hash, n.asin, n.marketplace, n.severity, n.trace_id
        from worker_notifications as n
        where n.dedupe_hash = hash
      )
      limit 1
    ) as k on true;

    if known.id is null or known.failing_since is not null then
      perform hold_rules(), pg_advisory_xact_lock(ingest_order(body));
    end if;

    if known.id is not null then
      outcome := 'duplicate';
      notification_id := known.id;
      asin := known.asin;
      marketplace := known.marketplace;
      severity := known.severity;
      trace_id := known.trace_id;
      exit;
    end if;

    trace_id := gen_random_uuid()::text;
    first_received_at := coalesce(known.failing_since, now());
    begin
      notification := unwrap_envelope(body::jsonb);
      a := analyze_by(notification, find_rules(), own_seller_ids());
      happened_at := coalesce(a.event_time, first_received_at);

      insert into worker_notifications (
        message_id, dedupe_hash, asin, marketplace, item_condition, raw_notification,
        notification_type, amazon_notification_id, event_time, publish_time, severity, status,
        received_at, processed_at, trace_id, worker_id
      )
      values (
        ingest_notification.message_id, hash, a.asin, a.marketplace, a.item_condition, notification,
        a.notification_type, a.amazon_notification_id, happened_at, a.publish_time, a.severity,
        'completed', first_received_at, clock_timestamp(), trace_id,
        current_setting('application_name')
      )
      on conflict do nothing
      returning id into notification_id;
      if notification_id is null then
        continue when attempt = 1;  -- another session stored it since we looked
        raise exception using
          errcode = 'unique_violation',
          message = 'the row was not stored, and it is none that is stored already',
          hint = 'Has worker_notifications a trigger or a unique index besides its own?';
      end if;

      applied := apply_to_current_state(
        notification_id, hash, effective_time(happened_at, first_received_at), a
      );
      outcome := case when applied then 'processed' else 'stale' end;
      asin := a.asin;
      marketplace := a.marketplace;
      severity := a.severity;
      exit;
    exception when others or assert_failure then
      if is_outage(sqlstate) then
        raise;
      end if;
      get stacked diagnostics
        error_message = message_text,
        error_detail = pg_exception_detail,
        error_context = pg_exception_context;
      outcome := 'failed';
      acknowledge := false;
      notification_id := null;
      error_type := condition_name(sqlstate);
      error_message := left(concat_ws(': ', error_message, nullif(error_detail, '')), 1000);
      perform record_failure(
        message_id, body, hash, trace_id, error_type, error_message, error_context
      );
      return;
    end;
  end loop;
  acknowledge := true;
  if known.failing_since is not null then
    update worker_failures as w
    set resolved_at = now()
    where w.resolved_at is null
      and (
        w.message_id = ingest_notification.message_id
        or w.dedupe_hash = coalesce(known.dedupe_hash, hash)
      );
  end if;
end
$$;

comment on function ingest_notification(text, text) is
'Ingests one SQS message: message_id as SQS gave it, body exactly as received (bare notification, '
'or in an SNS or EventBridge envelope). Returns one row. outcome: processed (stored, and applied '
'where its type has state), stale (stored; current_state holds a newer event), duplicate (this '
'message_id or body is stored; every value is the stored one''s), failed (the message is bad; '
'worker_failures says why). acknowledge: may the message be deleted from the queue. trace_id ties '
'this row, the failure and the log line together. Never raises for a message''s own fault; raises '
'trouble with the world (is_outage()), which is no failure of the message: repeat the call. Safe '
'to repeat, in any order and beside itself; several in one transaction are called in '
'ingest_order().';
