-- With alert_ends() the one place that decides: the trigger asks it of each applied event,
-- preview_alerts() of history. What a row did not know before is no change: only that fires from
-- nothing which an item's first event can show by itself.
create or replace function alert_fires(
  kind text, min_severity text, before current_state, after current_state
)
returns boolean
language sql immutable parallel safe
return case kind
  when 'severity_raised' then
    severity_rank((after).severity) >= severity_rank(min_severity)
    and coalesce(severity_rank((before).severity), 0) < severity_rank(min_severity)
  when 'severity_cleared' then
    severity_rank((before).severity) >= severity_rank(min_severity)
    and severity_rank((after).severity) < severity_rank(min_severity)
  when 'buy_box_lost' then (before).buy_box_winner and (after).buy_box_winner is not true
  when 'buy_box_won' then
    (before).event_time is not null
    and (before).buy_box_winner is not true and (after).buy_box_winner
  when 'buy_box_suppressed' then
    (before).buy_box_suppressed is not true and (after).buy_box_suppressed
  when 'undercut' then (before).your_position = 1 and (after).your_position > 1
  -- 20 are listed at most: of more, yours may only have fallen out of the list.
  when 'own_offer_missing' then
    (before).your_price is not null and (after).your_price is null and (after).total_offers < 20
  when 'pricing_issue' then
    (after).pricing_issue_time is not null
    and (
      (before).pricing_issue_time is distinct from (after).pricing_issue_time
      or (before).issue_dedupe_hash is distinct from (after).issue_dedupe_hash
    )
end;

comment on function alert_fires(text, text, current_state, current_state) is
'Whether a rule of this kind and min_severity has something to tell of an item that was `before` '
'and is `after` an applied event; before is null where there was no row. Pure; hold and cooldown '
'are raise_alerts()''.';
