create or replace function explain_severity(message_id text)
returns table (part text, item text, value text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, public, pg_temp
as $$
declare
  n worker_notifications;
  a notification_analysis;
  rule constant severity_rules := find_rules();
  gap numeric;
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
  a := analyze_notification(n.raw_notification);
  gap := round(price_gap(a.your_price, a.market_low), 2);

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
  order by o.rank nulls last, o.ordinal;

  return query
  select 'figure' as part, f.item, f.value
  from (
    values
    (1, 'your_price', round(a.your_price, 2)::text),
    (2, 'market_low', round(a.market_low, 2)::text),
    (3, 'gap', gap || ' %'),
    (4, 'your_position', a.your_position::text),
    (5, 'total_offers', a.total_offers::text),
    (6, 'buy_box_winner', a.buy_box_winner::text)
  ) as f (line, item, value)
  where a.has_state
  order by f.line;

  return query
  select 'threshold' as part, t.item, t.value::text
  from (
    values
    (1, 'success_max_position', rule.success_max_position::numeric),
    (2, 'critical_gap_pct', rule.critical_gap_pct),
    (3, 'critical_min_offers', rule.critical_min_offers),
    (4, 'critical_after_position', rule.critical_after_position),
    (5, 'high_gap_pct', rule.high_gap_pct),
    (6, 'high_min_offers', rule.high_min_offers),
    (7, 'warning_gap_pct', rule.warning_gap_pct),
    (8, 'warning_min_offers', rule.warning_min_offers)
  ) as t (line, item, value)
  where a.has_state
  order by t.line;

  return query
  values
  ('rule', 'rule set', rule.name),
  ('rule', 'decided by', deciding_rule(rule, a)),
  ('result', 'severity', a.severity),
  ('result', 'severity stored', n.severity);
end
$$;

comment on function explain_severity(text) is
'Why a stored message has its severity, as rows to read: its offers as ranked (landed prices), '
'the figures with the gap in percent, the thresholds of the active rules, the rule that decided, '
'and the severity that gives beside the one stored (they differ where the rules changed since). '
'Raises OC102 for an unknown message.';
