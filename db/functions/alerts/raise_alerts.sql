-- Runs for each event that may have something to tell (the WHEN of its triggers), in its
-- transaction and under its item's lock. Must not raise: an alert is no reason to lose a message.
create or replace function raise_alerts()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  before current_state;
  noted jsonb;
  rule alert_rules;
  of_issue boolean;
  event_hash text;  -- of worker_notifications' collation, for its index
begin
  if tg_op = 'UPDATE' then
    before := old;
  end if;
  if current_setting('buybox.rebuilding', true) = 'on'
    -- An event moves a register; a rerun or a hand does not.
    or (
      before.offers_dedupe_hash is not distinct from new.offers_dedupe_hash
      and before.issue_dedupe_hash is not distinct from new.issue_dedupe_hash
    ) then
    return null;
  end if;
  if current_setting('buybox.issues', true) <> '' then
    noted := current_setting('buybox.issues')::jsonb
      -> row(new.asin, new.marketplace, new.item_condition)::text;
    if jsonb_populate_record(null::event_moment, noted -> 'moment')
      > moment(coalesce(new.pricing_issue_time, '-infinity'), null, new.issue_dedupe_hash) then
      return null;  -- the batch's issue is still to come
    elsif noted #>> '{moment,dedupe_hash}' = new.issue_dedupe_hash
      and before.issue_dedupe_hash is distinct from new.issue_dedupe_hash then
      before := jsonb_populate_record(null::current_state, nullif(noted -> 'before', 'null'));
    end if;
  end if;

  if tg_nargs = 0 then  -- else nothing changed that a rule asks for
    for rule in
      select r.*
      from alert_rules as r
      where r.active
      order by r.name
    loop
      continue when not coalesce(
        coalesce(rule.asin = new.asin, true)
        and coalesce(rule.marketplace = new.marketplace, true)
        and coalesce(lower(rule.item_condition) = new.item_condition, true)
        and alert_fires(rule.kind, rule.min_severity, before, new), false
      );
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
  end if;

  if tg_op = 'INSERT' then
    return null;  -- an item's first event ends nothing
  end if;
  -- Asked first, because an update costs more than that even where it finds nothing.
  if exists (select from alerts as a where a.asin = new.asin and a.status = 'pending') then
    -- Also what was raised just now: a batch may bring an issue and the offers that end it.
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
  end if;
  return null;
end
$$;

comment on function raise_alerts() is
'Trigger of current_state: writes an alert for each active rule that fires (alert_fires()), due '
'after its hold; within the cooldown of the rule''s and item''s last one that was not cancelled it '
'counts a repeat there instead. Cancels what is not due yet and ended (alert_ends()). Tells the '
'listeners of channel alerts.';
