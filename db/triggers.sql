-- What fires on the tables; run after every deployment of functions. Made once and only again where
-- its words changed (they are kept as its comment), because making one locks its table.
do $$
declare
  t record;
begin
  for t in
    select v.*
    from (
      values
      (
        'current_state'::regclass, 'current_state_changed',
        -- for each row: a statement's trigger would also fire for a stale event, which changes none
        'create trigger current_state_changed
          after insert or update or delete on current_state
          for each row execute function notify_current_state()'
      ),
      (
        'worker_notifications', 'worker_notifications_queued',
        'create trigger worker_notifications_queued
          after insert on worker_notifications
          referencing new table as arrived
          for each statement execute function queue_item_days()'
      ),
      (
        'worker_notifications', 'worker_notifications_issue',
        'create trigger worker_notifications_issue
          after insert on worker_notifications
          referencing new table as arrived
          for each row when (new.notification_type = ''PRICING_HEALTH'')
          execute function note_issue()'
      ),
      (
        'current_state', 'current_state_alerts',
        'create trigger current_state_alerts
          after insert on current_state
          for each row execute function raise_alerts()'
      ),
      (
        -- where something changed that alert_fires() looks at
        'current_state', 'current_state_alerts_of_changes',
        'create trigger current_state_alerts_of_changes
          after update on current_state
          for each row when (
            old.severity is distinct from new.severity
            or old.buy_box_winner is distinct from new.buy_box_winner
            or old.buy_box_suppressed is distinct from new.buy_box_suppressed
            or (old.your_position = 1) is distinct from (new.your_position = 1)
            or (old.your_price is null) <> (new.your_price is null)
            or old.issue_dedupe_hash is distinct from new.issue_dedupe_hash
          )
          execute function raise_alerts()'
      ),
      (
        -- what ends a pricing issue may be no change
        'current_state', 'current_state_alerts_of_ends',
        'create trigger current_state_alerts_of_ends
          after update on current_state
          for each row when (
            new.event_time >= new.pricing_issue_time
            and (new.buy_box_winner or new.your_price <= new.reference_price)
          )
          execute function raise_alerts(''ends only'')'
      ),
      (
        'severity_rules', 'severity_rules_some_active',
        'create constraint trigger severity_rules_some_active
          after update or delete on severity_rules deferrable initially deferred
          for each row execute function require_active_rules()'
      ),
      (
        'severity_rules', 'severity_rules_not_truncated',
        'create trigger severity_rules_not_truncated
          after truncate on severity_rules
          for each statement execute function require_active_rules()'
      )
    ) as v (table_name, trigger_name, definition)
    where not exists (
      select from pg_trigger as g
      where g.tgrelid = v.table_name
        and g.tgname = v.trigger_name
        and obj_description(g.oid, 'pg_trigger') = v.definition
    )
  loop
    execute format('drop trigger if exists %I on %s', t.trigger_name, t.table_name);
    execute t.definition;
    execute format(
      'comment on trigger %I on %s is %L', t.trigger_name, t.table_name, t.definition
    );
  end loop;
end
$$;
