-- Unknown ends nothing: where your offer is not among the 20 that are listed, it may be undercut
-- all the more.
create or replace function alert_ends(
  kind text, min_severity text, before current_state, after current_state
)
returns boolean
language sql immutable parallel safe
return case kind
  when 'severity_raised' then severity_rank((after).severity) < severity_rank(min_severity)
  when 'severity_cleared' then severity_rank((after).severity) >= severity_rank(min_severity)
  when 'buy_box_lost' then (after).buy_box_winner
  when 'buy_box_won' then not (after).buy_box_winner
  when 'buy_box_suppressed' then not (after).buy_box_suppressed
  when 'undercut' then (after).your_position = 1
  when 'own_offer_missing' then (after).your_price is not null
  -- Nothing from Amazon says that an issue is over: offers that came after it do.
  when 'pricing_issue' then
    (
      (before).event_time is distinct from (after).event_time
      or (before).offers_dedupe_hash is distinct from (after).offers_dedupe_hash
    )
    and (after).event_time >= (after).pricing_issue_time
    and ((after).buy_box_winner or (after).your_price <= (after).reference_price)
end;

comment on function alert_ends(text, text, current_state, current_state) is
'Whether what an alert of this kind and min_severity told of is over, of an item that was `before` '
'and is `after` an applied event. Pure; null counts as no.';
