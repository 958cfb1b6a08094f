create or replace function analyze_notification(notification jsonb)
returns notification_analysis
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  said notification_analysis;
begin
  select a.* into said
  from in_force() as i
  cross join lateral analyze_under(notification, i.rules, i.own_sellers) as a;
  return said;
end
$$;

comment on function analyze_notification(jsonb) is
'Everything one unwrapped notification says, in one row; severity by the active rules. Prices are '
'landed, in currency, not rounded. For ANY_OFFER_CHANGED all columns but pricing_issue and '
'reference_price; for PRICING_HEALTH your_price is the own offer''s, reference_price (and '
'market_low) the competitive price threshold, else the buy box''s price, and pricing_issue '
'Amazon''s issueType; any other type has severity info. has_state: does the type bear on '
'current_state. event_time is null where the message bears no time at all. For many rows '
'price_history is the faster way. Raises OC002 and OC006 to OC008 for a notification that cannot '
'be used, and what Postgres does where a member does not fit its type (db/types). '
'Example: select a.* from worker_notifications as w cross join lateral '
'analyze_notification(w.raw_notification) as a where w.asin = ''B0DEMO0012''';
