-- Everything ingest knows of a notification before it writes, in one step that writes nothing:
-- analysts call the same.
create or replace function analyze_notification(notification jsonb)
returns notification_analysis
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  a notification_analysis;
  header record := read_header(notification);
  rule severity_rules := find_rules();
  reference jsonb;
  threshold jsonb;
  other_currency text;
  greatest_price numeric;
begin
  a.notification_type := header.notification_type;
  a.has_state := header.has_state;
  a.asin := header.asin;
  a.marketplace := header.marketplace;
  a.item_condition := header.item_condition;
  a.event_time := header.event_time;
  a.publish_time := header.publish_time;
  a.amazon_notification_id := header.amazon_notification_id;

  if a.notification_type = 'ANY_OFFER_CHANGED' then
    select
      min(o.landed_price) filter (where o.is_own),
      min(o.landed_price),
      min(o.landed_price) filter (where o.is_fba or o.is_prime),
      min(o.landed_price) filter (where o.is_buy_box_winner),
      min(o.rank) filter (where o.is_own),
      count(*)::integer,
      coalesce(bool_or(o.is_own and o.is_buy_box_winner), false),
      -- one message has one currency, so any priced offer's is the own offer's
      min(o.currency) filter (where o.landed_price is not null),
      nullif(max(o.currency), min(o.currency))
    into
      a.your_price, a.market_low, a.prime_low, a.buy_box_price,
      a.your_position, a.total_offers, a.buy_box_winner, a.currency, other_currency
    from priced_offers(
      header.offers, header.seller_id, a.marketplace, a.item_condition
    ) as o;

    a.buy_box_price := coalesce(
      summary_buy_box_price(header.summary, a.marketplace, a.item_condition), a.buy_box_price
    );
    a.total_offers := greatest(
      a.total_offers, summary_offer_count(header.summary, a.item_condition)
    );

    if other_currency is not null then
      raise exception using
        errcode = 'OC006',
        message = format('the offers are in two currencies, %s and %s', a.currency, other_currency),
        hint = 'Prices in different currencies cannot be ranked against each other.';
    end if;
    greatest_price := greatest(a.your_price, a.market_low, a.prime_low, a.buy_box_price);
    if round(greatest_price, 2) > 99999999.99 then
      raise exception using
        errcode = 'OC005',
        message = format(
          'a landed price of %s does not fit its column', left(greatest_price::text, 30)
        ),
        hint = 'Prices are numeric(10,2): at most 99999999.99.';
    end if;

  elsif a.notification_type = 'PRICING_HEALTH' then
    reference := read_object(member(header.summary, 'ReferencePrice'), 'Summary.ReferencePrice');
    threshold := read_object(
      member(reference, 'CompetitivePriceThreshold'), 'CompetitivePriceThreshold'
    );
    a.pricing_issue := read_text(member(header.content, 'IssueType'), 'IssueType');
    a.your_price := read_landed_price(
      read_object(member(header.content, 'MerchantOffer'), 'MerchantOffer'), a.marketplace
    );
    a.buy_box_price := summary_buy_box_price(header.summary, a.marketplace, a.item_condition);
    a.market_low := coalesce(
      read_amount(member(threshold, 'Amount'), 'CompetitivePriceThreshold.Amount'), a.buy_box_price
    );
  end if;

  a.severity := severity_of(rule, a);
  return a;
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
