create or replace function alert_headline(
  kind text, before current_state, after current_state, title text default null
)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  item constant text := concat(
    coalesce(left(regexp_replace(title, '\s+', ' ', 'g'), 80) || ' (' || after.asin || ')',
      after.asin),
    case when after.item_condition <> 'new' then ', ' || after.item_condition end
  );
  yours constant text := coalesce(
    'you ask ' || format_price(after.your_price, after.currency)
    || coalesce(format(', at position %s of %s', after.your_position, after.total_offers), ''),
    'no offer of yours is listed'
  );
  box constant text := case
    when after.buy_box_suppressed then 'Amazon shows none now'
    else coalesce(
      'it is at ' || format_price(after.buy_box_price, after.currency), 'its price is not known'
    )
  end;
  issue constant text := concat(
    'Amazon reports ', coalesce(left(after.pricing_issue, 60), 'a pricing issue'),
    ' and compares with ' || format_price(after.reference_price, after.currency)
  );
  -- Severity is of the newer of offers and issue.
  reason constant text := case
    when after.event_time > after.pricing_issue_time or after.pricing_issue_time is null
      then concat(
        yours, ', ' || round(price_gap(after.your_price, after.market_low)) || ' % over the lowest'
      )
    else issue
  end;
begin
  return case kind
    when 'severity_raised' then format(
      '%s is %s now%s: %s.', item, after.severity, ' after ' || before.severity, reason
    )
    when 'severity_cleared' then format(
      '%s is back from %s to %s: %s.', item, before.severity, after.severity, reason
    )
    when 'buy_box_lost' then format('You lost the buy box of %s: %s, %s.', item, box, yours)
    when 'buy_box_won' then format('You hold the buy box of %s now: %s, %s.', item, box, yours)
    when 'buy_box_suppressed' then format(
      'Amazon shows no buy box for %s now: %s%s.',
      item, yours,
      ', its competitive price is ' || format_price(after.competitive_price, after.currency)
    )
    when 'undercut' then format(
      'You are no longer the cheapest of %s: the lowest price is %s, %s.',
      item, format_price(after.market_low, after.currency), yours
    )
    when 'own_offer_missing' then format(
      'Your offer of %s is no longer listed; %s other offers are.', item, after.total_offers
    )
    when 'pricing_issue' then format('Pricing issue of %s: %s.', item, issue)
  end;
end
$$;

comment on function alert_headline(text, current_state, current_state, text) is
'What happened to an item, in one sentence for its seller: which item (by its title where one is '
'given), what, and how much. before and after as for alert_fires(); prices are landed.';
