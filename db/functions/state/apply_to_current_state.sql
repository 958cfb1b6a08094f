-- current_state holds two registers a row, the offers and the pricing issue, each its greatest
-- (event time, dedupe hash), so the order of arrival does not matter. severity follows the newer of
-- the two, the issue at equal times: a register only moves forward, so a comparison with the other
-- one tells which is newer now.
create or replace function apply_to_current_state(
  notification_id uuid,
  dedupe_hash text,
  effective_time timestamptz,
  a notification_analysis
)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if a.notification_type = 'ANY_OFFER_CHANGED' then
    insert into current_state as c (
      asin, marketplace, item_condition, event_time, offers_dedupe_hash, your_price, market_low,
      prime_low, buy_box_price, your_position, total_offers, buy_box_winner, currency, severity,
      last_notification_id
    )
    values (
      a.asin, a.marketplace, a.item_condition, effective_time, dedupe_hash, a.your_price,
      a.market_low, a.prime_low, a.buy_box_price, a.your_position, a.total_offers,
      a.buy_box_winner, a.currency, a.severity, notification_id
    )
    on conflict (asin, marketplace, item_condition) do update set
      event_time = excluded.event_time,
      offers_dedupe_hash = excluded.offers_dedupe_hash,
      your_price = excluded.your_price,
      market_low = excluded.market_low,
      prime_low = excluded.prime_low,
      buy_box_price = excluded.buy_box_price,
      your_position = excluded.your_position,
      total_offers = excluded.total_offers,
      buy_box_winner = excluded.buy_box_winner,
      currency = excluded.currency,
      severity = case
        when c.pricing_issue_time >= excluded.event_time then c.severity else excluded.severity
      end,
      last_notification_id = case
        when c.pricing_issue_time >= excluded.event_time then c.last_notification_id
        else excluded.last_notification_id
      end,
      last_updated = excluded.last_updated
    where c.event_time is null
      or (c.event_time, c.offers_dedupe_hash) < (excluded.event_time, excluded.offers_dedupe_hash);

  elsif a.notification_type = 'PRICING_HEALTH' then
    insert into current_state as c (
      asin, marketplace, item_condition, pricing_issue_time, issue_dedupe_hash, pricing_issue,
      severity, last_notification_id
    )
    values (
      a.asin, a.marketplace, a.item_condition, effective_time, dedupe_hash, a.pricing_issue,
      a.severity, notification_id
    )
    on conflict (asin, marketplace, item_condition) do update set
      pricing_issue_time = excluded.pricing_issue_time,
      issue_dedupe_hash = excluded.issue_dedupe_hash,
      pricing_issue = excluded.pricing_issue,
      severity = case
        when c.event_time > excluded.pricing_issue_time then c.severity else excluded.severity
      end,
      last_notification_id = case
        when c.event_time > excluded.pricing_issue_time then c.last_notification_id
        else excluded.last_notification_id
      end,
      last_updated = excluded.last_updated
    where c.pricing_issue_time is null
      or (c.pricing_issue_time, c.issue_dedupe_hash)
      < (excluded.pricing_issue_time, excluded.issue_dedupe_hash);

  else
    return true;
  end if;
  return found;
end
$$;

comment on function apply_to_current_state(uuid, text, timestamptz, notification_analysis) is
'Puts one analysed notification into current_state, unless the item''s row holds a newer one of '
'its kind. effective_time orders state: the event''s time, never after the notification was '
'received. Prices are rounded to two decimals here. False where it was stale; true where it was '
'put, or where its type bears on no state. The caller holds the item''s lock (item_lock).';
