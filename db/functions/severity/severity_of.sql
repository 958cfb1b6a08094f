create or replace function severity_of(rule severity_rules, a notification_analysis)
returns text
language sql immutable parallel safe
return case (a).notification_type
  when 'ANY_OFFER_CHANGED' then severity_by(
    rule, (a).your_price, (a).market_low, (a).your_position, (a).total_offers, (a).buy_box_winner
  )
  when 'PRICING_HEALTH' then pricing_health_severity(rule, (a).your_price, (a).market_low)
  else 'info'
end;

comment on function severity_of(severity_rules, notification_analysis) is
'How severe an analysed notification is under one rule set; which rule applies depends on its '
'type. Never raises.';
