-- Runs for an applied event only (db/triggers.sql), in its transaction and under its item's lock.
-- Must not raise: an alert is no reason to lose a message.
create or replace function raise_alerts()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  before current_state;
  fired record;
  of_issue boolean;
  event_hash text;  -- of worker_notifications' collation, for its index
begin
  if tg_op = 'UPDATE' then
    before := old;
  end if;

  for fired in
    select r.name, r.kind, r.hold, recent.id as recent_id
    from alert_rules as r
    left join lateral (
      select a.id
      from alerts as a
      where a.asin = new.asin
        and a.marketplace = new.marketplace
        and a.item_condition = new.item_condition
        and a.rule = r.name
        and a.status <> 'cancelled'
        and a.created_at > now() - r.cooldown
      order by a.created_at desc, a.id desc
      limit 1
    ) as recent on true
    where r.active
      and (r.asin is null or r.asin = new.asin)
      and (r.marketplace is null or r.marketplace = new.marketplace)
      and (r.item_condition is null or lower(r.item_condition) = new.item_condition)
      and alert_fires(r.kind, r.min_severity, before, new)
    order by recent.id, r.name
  loop
    update alerts as a
    set repeats = a.repeats + 1
    where a.id = fired.recent_id and a.status <> 'cancelled';
    continue when found;

    -- Severity is of the newer of offers and issue.
    of_issue := fired.kind = 'pricing_issue'
      or fired.kind like 'severity%'
      and coalesce(new.pricing_issue_time >= new.event_time, new.event_time is null);
    event_hash := case when of_issue then new.issue_dedupe_hash else new.offers_dedupe_hash end;
    insert into alerts (
      rule, kind, asin, marketplace, item_condition, severity, headline, details, notification_id,
      event_time, due_at
    )
    values (
      fired.name, fired.kind, new.asin, new.marketplace, new.item_condition, new.severity,
      alert_headline(fired.kind, before, new),
      jsonb_build_object('before', to_jsonb(before), 'after', to_jsonb(new)),
      (select n.id from worker_notifications as n where n.dedupe_hash = event_hash),
      case when of_issue then new.pricing_issue_time else new.event_time end,
      now() + fired.hold
    );
    perform pg_notify('alerts', '');
  end loop;

  update alerts as a
  set status = 'cancelled'
  from alert_rules as r
  where a.asin = new.asin
    and a.marketplace = new.marketplace
    and a.item_condition = new.item_condition
    and a.status = 'pending'
    and a.delivery_id is null
    and a.due_at > now()
    and r.name = a.rule
    and alert_ends(a.kind, r.min_severity, before, new);
  return null;
end
$$;

comment on function raise_alerts() is
'Trigger of current_state: writes an alert for each active rule that fires (alert_fires()), due '
'after its hold; within the cooldown of the rule''s and item''s last one that was not cancelled it '
'counts a repeat there instead. Cancels what is not due yet and ended (alert_ends()). Tells the '
'listeners of channel alerts.';
