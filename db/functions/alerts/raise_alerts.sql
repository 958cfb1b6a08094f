-- Runs for each event that may have something to tell (the WHEN of its triggers), in its
-- transaction and under its item's lock. Must not raise: an alert is no reason to lose a message.
create or replace function raise_alerts()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  noted constant jsonb := nullif(current_setting('buybox.issues', true), '')::jsonb
    -> row(new.asin, new.marketplace, new.item_condition)::text;
  issue constant event_moment := jsonb_populate_record(null::event_moment, noted -> 'moment');
  before current_state;
  rule record;
  of_issue boolean;
  event_hash text;  -- of worker_notifications' collation, for its index
begin
  if tg_op = 'UPDATE' then
    before := old;
  end if;
  if current_setting('buybox.rebuilding', true) = 'on'
    -- An event moves a register; a rerun or a hand does not.
    or (
      before.event_time is not distinct from new.event_time
      and before.offers_dedupe_hash is not distinct from new.offers_dedupe_hash
      and before.pricing_issue_time is not distinct from new.pricing_issue_time
      and before.issue_dedupe_hash is not distinct from new.issue_dedupe_hash
    )
    -- The batch's issue is still to come (note_issue()).
    or issue > moment(
      coalesce(new.pricing_issue_time, '-infinity'), null, new.issue_dedupe_hash
    )
  then
    return null;
  end if;
  if issue.dedupe_hash = new.issue_dedupe_hash
    and before.issue_dedupe_hash is distinct from new.issue_dedupe_hash then
    before := jsonb_populate_record(null::current_state, nullif(noted -> 'before', 'null'));
  end if;

  for rule in
    select r.name, r.kind, r.hold, r.cooldown
    from alert_rules as r
    where r.active
      and (r.asin is null or r.asin = new.asin)
      and (r.marketplace is null or r.marketplace = new.marketplace)
      and (r.item_condition is null or lower(r.item_condition) = new.item_condition)
      and alert_fires(r.kind, r.min_severity, before, new)
    order by r.name
  loop
    update alerts as a
    set repeats = a.repeats + 1
    where a.id = (
      select recent.id
      from alerts as recent
      where recent.asin = new.asin
        and recent.marketplace = new.marketplace
        and recent.item_condition = new.item_condition
        and recent.rule = rule.name
        and recent.status <> 'cancelled'
        and recent.created_at > now() - rule.cooldown
      order by recent.created_at desc, recent.id desc
      limit 1
    ) and a.status <> 'cancelled';
    continue when found;

    -- Severity is of the newer of offers and issue.
    of_issue := rule.kind = 'pricing_issue'
      or rule.kind like 'severity%'
      and coalesce(new.pricing_issue_time >= new.event_time, new.event_time is null);
    event_hash := case when of_issue then new.issue_dedupe_hash else new.offers_dedupe_hash end;
    insert into alerts (
      rule, kind, asin, marketplace, item_condition, severity, headline, details, notification_id,
      event_time, due_at
    )
    values (
      rule.name, rule.kind, new.asin, new.marketplace, new.item_condition, new.severity,
      alert_headline(rule.kind, before, new, (
        select i.title
        from items as i
        where i.asin = new.asin and i.marketplace = new.marketplace
      )),
      jsonb_build_object('before', to_jsonb(before), 'after', to_jsonb(new)),
      (select n.id from worker_notifications as n where n.dedupe_hash = event_hash),
      case when of_issue then new.pricing_issue_time else new.event_time end,
      now() + rule.hold
    );
    perform pg_notify('alerts', '');
  end loop;

  -- Also what this event raised: its batch may bring an issue and the offers that end it.
  update alerts as a
  set status = 'cancelled'
  where a.asin = new.asin
    and a.marketplace = new.marketplace
    and a.item_condition = new.item_condition
    and a.status = 'pending'
    and a.delivery_id is null
    and a.due_at > now()
    and alert_ends(
      a.kind, (select r.min_severity from alert_rules as r where r.name = a.rule), before, new
    );
  return null;
end
$$;

comment on function raise_alerts() is
'Trigger of current_state: writes an alert for each active rule that fires (alert_fires()), due '
'after its hold; within the cooldown of the rule''s and item''s last one that was not cancelled it '
'counts a repeat there instead. Cancels what is not due yet and ended (alert_ends()). Tells the '
'listeners of channel alerts.';
