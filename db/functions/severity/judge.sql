create or replace function judge(rules severity_rules, a notification_analysis)
returns severity_verdict
language sql immutable parallel safe
return case (a).notification_type
  when 'ANY_OFFER_CHANGED' then judge_offers(
    rules, (a).your_price, (a).market_low, (a).your_position, (a).total_offers, (a).buy_box_winner
  )
  when 'PRICING_HEALTH' then
    case
      when price_gap((a).your_price, (a).reference_price) >= (rules).critical_gap_pct
        then row(
          'critical', 'Amazon reports a pricing issue, and gap >= critical_gap_pct'
        )::severity_verdict
      else row('high', 'Amazon reports a pricing issue')::severity_verdict
    end
  else row('info', (a).notification_type || ' does not affect current_state')::severity_verdict
end;

comment on function judge(severity_rules, notification_analysis) is
'How severe an analysed notification is under one rule set, and by which rule, in words that name '
'the columns of severity_rules; which rules apply depends on its type. Never raises.';
