-- current_state holds two registers a row, the offers and the pricing issue, each its greatest
-- moment(), so the order of arrival does not matter. severity follows the newer of the two, the
-- issue at equal times: a register only moves forward, so a comparison with the other one tells
-- which is newer now. Who calls it holds the items' locks.
create or replace function apply_to_current_state(batch incoming[])
returns text[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  offers text[];
  issues text[];
begin
  with applied as (
    insert into current_state as c (
      asin, marketplace, item_condition, event_time, offers_dedupe_hash, your_price, market_low,
      prime_low, buy_box_price, competitive_price, your_position, total_offers, buy_box_winner,
      buy_box_seller, buy_box_is_fba, buy_box_suppressed, sales_rank, currency, severity,
      last_notification_id
    )
    select
      m.asin, m.marketplace, (m.analysis).item_condition, (m.moment).happened_at, m.dedupe_hash,
      (m.analysis).your_price, (m.analysis).market_low, (m.analysis).prime_low,
      (m.analysis).buy_box_price, (m.analysis).competitive_price, (m.analysis).your_position,
      (m.analysis).total_offers, (m.analysis).buy_box_winner, (m.analysis).buy_box_seller,
      (m.analysis).buy_box_is_fba, (m.analysis).buy_box_suppressed, (m.analysis).sales_rank,
      (m.analysis).currency, m.severity, m.notification_id
    from newest_of(batch, 'ANY_OFFER_CHANGED') as m
    on conflict (asin, marketplace, item_condition) do update set
      event_time = excluded.event_time,
      offers_dedupe_hash = excluded.offers_dedupe_hash,
      your_price = excluded.your_price,
      market_low = excluded.market_low,
      prime_low = excluded.prime_low,
      buy_box_price = excluded.buy_box_price,
      competitive_price = excluded.competitive_price,
      your_position = excluded.your_position,
      total_offers = excluded.total_offers,
      buy_box_winner = excluded.buy_box_winner,
      buy_box_seller = excluded.buy_box_seller,
      buy_box_is_fba = excluded.buy_box_is_fba,
      buy_box_suppressed = excluded.buy_box_suppressed,
      sales_rank = excluded.sales_rank,
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
      or moment(c.event_time, null, c.offers_dedupe_hash)
      < moment(excluded.event_time, null, excluded.offers_dedupe_hash)
    returning c.offers_dedupe_hash
  )

  select array_agg(a.offers_dedupe_hash) into offers
  from applied as a;

  if exists (
    select from unnest(batch) as m where (m.analysis).notification_type = 'PRICING_HEALTH'
  ) then
    with applied as (
      insert into current_state as c (
        asin, marketplace, item_condition, pricing_issue_time, issue_dedupe_hash, pricing_issue,
        reference_price, severity, last_notification_id
      )
      select
        m.asin, m.marketplace, (m.analysis).item_condition, (m.moment).happened_at, m.dedupe_hash,
        (m.analysis).pricing_issue, (m.analysis).reference_price, m.severity, m.notification_id
      from newest_of(batch, 'PRICING_HEALTH') as m
      on conflict (asin, marketplace, item_condition) do update set
        pricing_issue_time = excluded.pricing_issue_time,
        issue_dedupe_hash = excluded.issue_dedupe_hash,
        pricing_issue = excluded.pricing_issue,
        reference_price = excluded.reference_price,
        severity = case
          when c.event_time > excluded.pricing_issue_time then c.severity else excluded.severity
        end,
        last_notification_id = case
          when c.event_time > excluded.pricing_issue_time then c.last_notification_id
          else excluded.last_notification_id
        end,
        last_updated = excluded.last_updated
      where c.pricing_issue_time is null
        or moment(c.pricing_issue_time, null, c.issue_dedupe_hash)
        < moment(excluded.pricing_issue_time, null, excluded.issue_dedupe_hash)
      returning c.issue_dedupe_hash
    )

    select array_agg(a.issue_dedupe_hash) into issues
    from applied as a;
  end if;

  return offers || issues;
end
$$;

comment on function apply_to_current_state(incoming[]) is
'Puts the newest of the messages (of those without an outcome yet) into current_state, of each '
'item and kind, unless its row holds a newer one. Prices are rounded to two decimals here. Returns '
'the dedupe_hash of each that was applied.';
