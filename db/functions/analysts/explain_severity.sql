create or replace function explain_severity(message_id text)
returns table (part text, item text, value text)
language plpgsql stable parallel unsafe
rows 30
set search_path = pg_catalog, public, pg_temp
as $$
declare
  n worker_notifications;
  a notification_analysis;
  rules constant severity_rules := find_rules();
  reason text;
  threshold record;
begin
  select s.* into n
  from worker_notifications as s
  where s.message_id = explain_severity.message_id;
  if not found then
    raise exception using
      errcode = 'OC102',
      message = format('no message %L is stored', explain_severity.message_id),
      hint = 'worker_notifications holds what was stored, open_failures what could not be.';
  end if;
  if exists (select from unreadable_notifications as u where u.id = n.id) then
    begin
      a := analyze_notification(n.raw_notification);
    exception when others then
      reason := coalesce((diagnose(n.raw_notification::text)).complaint, sqlerrm);
    end;
    return query
    values
    ('rule', 'decided by', 'the original worker; it cannot be analysed: ' || reason),
    ('result', 'severity stored', n.severity);
    return;
  end if;
  a := analyze_notification(n.raw_notification);
  reason := (judge(rules, a)).reason;

  return query
  select
    'offer' as part,
    concat_ws(
      ', ', coalesce(o.rank || '. ', '-  ') || coalesce(o.seller_id, 'unknown seller'),
      case when o.is_own then 'yours' end,
      case when o.is_fba then 'FBA' end,
      case when o.is_prime then 'Prime' end,
      case when o.is_buy_box_winner then 'buy box' end
    ) as item,
    coalesce(round(o.landed_price, 2) || coalesce(' ' || o.currency, ''), 'no price') as value
  from extract_offers(n.raw_notification) as o
  where a.has_state
  order by o.rank nulls last, o.ordinal;

  return query
  select 'figure' as part, f.item, f.value
  from (
    values
    ('your_price', round(a.your_price, 2)::text, true),
    ('market_low', round(a.market_low, 2)::text, a.notification_type = 'ANY_OFFER_CHANGED'),
    ('reference_price', round(a.reference_price, 2)::text, a.notification_type = 'PRICING_HEALTH'),
    ('gap', round(price_gap(a.your_price, a.market_low), 2) || ' %', true),
    ('your_position', a.your_position::text, a.notification_type = 'ANY_OFFER_CHANGED'),
    ('total_offers', a.total_offers::text, a.notification_type = 'ANY_OFFER_CHANGED'),
    ('buy_box_winner', a.buy_box_winner::text, a.notification_type = 'ANY_OFFER_CHANGED')
  ) as f (item, value, applies)
  where a.has_state and f.applies;

  for threshold in
    select t.item, t.value::text as value
    from (
      values
      ('success_max_position', rules.success_max_position::numeric),
      ('critical_gap_pct', rules.critical_gap_pct),
      ('critical_min_offers', rules.critical_min_offers),
      ('critical_after_position', rules.critical_after_position),
      ('high_gap_pct', rules.high_gap_pct),
      ('high_min_offers', rules.high_min_offers),
      ('warning_gap_pct', rules.warning_gap_pct),
      ('warning_min_offers', rules.warning_min_offers)
    ) as t (item, value)
    where a.notification_type = 'ANY_OFFER_CHANGED'
      or a.notification_type = 'PRICING_HEALTH' and t.item = 'critical_gap_pct'
  loop
    part := 'threshold';
    item := threshold.item;
    value := threshold.value;
    reason := replace(reason, item, value);
    return next;
  end loop;

  return query
  values
  ('rule', 'rule set', rules.name),
  ('rule', 'decided by', a.severity || ': ' || reason),
  ('result', 'severity', a.severity),
  ('result', 'severity stored', n.severity);
end
$$;

comment on function explain_severity(text) is
'Why a stored message has its severity, as rows to read: its offers as ranked (landed prices), the '
'figures with the gap in percent, the thresholds of the active rules that matter, the rule that '
'decided, and the severity that gives beside the one stored (they differ where the rules changed '
'since). Raises OC102 for an unknown message.';
