create or replace function analyze_notification(notification jsonb)
returns notification_analysis
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return analyze_by(notification, find_rules(), own_seller_ids());
end
$$;

comment on function analyze_notification(jsonb) is
'Everything one unwrapped notification says, in one row; severity by the active rules. Prices are '
'landed, in currency, not rounded. For ANY_OFFER_CHANGED all columns but pricing_issue; for '
'PRICING_HEALTH your_price is the own offer''s, market_low the competitive price threshold (else '
'the buy box''s price) and pricing_issue Amazon''s issueType; any other type has severity info. '
'has_state: does the type bear on current_state. event_time is null where the message bears no '
'time at all. Raises OC001 to OC008 for a notification that cannot be used, naming the member at '
'fault.';
