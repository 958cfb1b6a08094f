-- Runs for each event, in its transaction and under its item's lock. Most have nothing to tell, so
-- it asks first what takes no query; and not in the trigger's WHEN, which is parsed anew for each
-- statement and so costs more than this call. Must not raise: an alert is no reason to lose a
-- message.
create or replace function raise_alerts()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  before current_state;
  rule record;
  of_issue boolean;
  event_hash text;  -- of worker_notifications' collation, for its index
begin
  if tg_op = 'UPDATE' then
    if not (
      -- An event moves a register; a rerun or a hand does not.
      (
        old.event_time is distinct from new.event_time
        or old.offers_dedupe_hash is distinct from new.offers_dedupe_hash
        or old.pricing_issue_time is distinct from new.pricing_issue_time
        or old.issue_dedupe_hash is distinct from new.issue_dedupe_hash
      )
      -- What alert_fires() and alert_ends() look at.
      and (
        old.severity is distinct from new.severity
        or old.buy_box_winner is distinct from new.buy_box_winner
        or old.buy_box_suppressed is distinct from new.buy_box_suppressed
        or (old.your_position = 1) is distinct from (new.your_position = 1)
        or (old.your_price is null) <> (new.your_price is null)
        or old.issue_dedupe_hash is distinct from new.issue_dedupe_hash
        or new.event_time >= new.pricing_issue_time
      )
    ) then
      return null;
    end if;
    before := old;
  end if;
  if current_setting('buybox.rebuilding', true) = 'on' then
    return null;
  end if;

  for rule in
    select
      r.*,
      exists (select from alerts as a where a.asin = new.asin and a.status = 'pending') as may_end
    from alert_rules as r
    where r.active
    order by r.name
  loop
    if (rule.asin is null or rule.asin = new.asin)
      and (rule.marketplace is null or rule.marketplace = new.marketplace)
      and (rule.item_condition is null or lower(rule.item_condition) = new.item_condition)
      and alert_fires(rule.kind, rule.min_severity, before, new) then
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
      if not found then
        -- Severity is of the newer of offers and issue.
        of_issue := rule.kind = 'pricing_issue'
          or rule.kind like 'severity%'
          and coalesce(new.pricing_issue_time >= new.event_time, new.event_time is null);
        event_hash := case when of_issue then new.issue_dedupe_hash else new.offers_dedupe_hash end;
        insert into alerts (
          rule, kind, asin, marketplace, item_condition, severity, headline, details,
          notification_id, event_time, due_at
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
      end if;
    end if;

    -- Of this event, too: one batch may bring an issue and the offers that end it.
    if (rule.may_end or rule.hold > '0')
      and alert_ends(rule.kind, rule.min_severity, before, new) then
      update alerts as a
      set status = 'cancelled'
      where a.rule = rule.name
        and a.kind = rule.kind
        and a.asin = new.asin
        and a.marketplace = new.marketplace
        and a.item_condition = new.item_condition
        and a.status = 'pending'
        and a.delivery_id is null
        and a.due_at > now();
    end if;
  end loop;
  return null;
end
$$;

comment on function raise_alerts() is
'Trigger of current_state: writes an alert for each active rule that fires (alert_fires()), due '
'after its hold; within the cooldown of the rule''s and item''s last one that was not cancelled it '
'counts a repeat there instead. Cancels what is not due yet and ended (alert_ends()). Tells the '
'listeners of channel alerts.';
