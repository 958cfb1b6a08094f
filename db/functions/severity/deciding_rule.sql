create or replace function deciding_rule(rule severity_rules, a notification_analysis)
returns text
language sql immutable parallel safe
return case
  when not (a).has_state then 'info: ' || (a).notification_type || ' does not affect current_state'
  when (a).notification_type = 'PRICING_HEALTH' then
    case severity_of(rule, a)
      when 'critical'
        then 'critical: Amazon reports a pricing issue, and gap >= ' || (rule).critical_gap_pct
      else 'high: Amazon reports a pricing issue'
    end
  else
    case severity_of(rule, a)
      when 'success' then
        case
          when (a).buy_box_winner then 'success: you hold the buy box'
          else 'success: your_position <= ' || (rule).success_max_position
        end
      when 'critical' then
        'critical: gap >= ' || (rule).critical_gap_pct
        || ' and total_offers >= ' || (rule).critical_min_offers
        || ' and your_position > ' || (rule).critical_after_position
      when 'high' then
        'high: gap >= ' || (rule).high_gap_pct
        || ' and total_offers >= ' || (rule).high_min_offers
      when 'warning' then
        'warning: gap >= ' || (rule).warning_gap_pct
        || ' or total_offers >= ' || (rule).warning_min_offers
      else
        case
          when price_gap((a).your_price, (a).market_low) is null or (a).your_price = 0
            then 'info: no own price or no market price'
          else 'info: no other rule applies'
        end
    end
end;

comment on function deciding_rule(severity_rules, notification_analysis) is
'The rule of severity_of() that decided, in words with its thresholds.';
