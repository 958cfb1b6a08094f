-- Everything that is known of a notification before anything is written. Ingest, which has the
-- rules and the sellers at hand, and analyze_notification(), which looks them up, both call this.
create or replace function analyze_by(
  notification jsonb, rule severity_rules, own_seller_ids text[]
)
returns notification_analysis
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  a notification_analysis;
  header constant record := read_header(notification);
  reference jsonb;
  threshold jsonb;
  landed_prices numeric[];
  largest_price numeric;
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
      array_agg(o.landed_price),
      count(*)::integer,
      coalesce(bool_or(o.is_own and o.is_buy_box_winner), false),
      -- one message has one currency, so any priced offer's is the own offer's
      min(o.currency) filter (where o.landed_price is not null)
    into
      a.your_price, a.market_low, a.prime_low, a.buy_box_price,
      landed_prices, a.total_offers, a.buy_box_winner, a.currency
    from priced_offers(
      header.offers, own_seller_ids || header.seller_id, a.marketplace
    ) as o;
    a.your_position := price_rank(a.your_price, landed_prices);

    a.buy_box_price := coalesce(
      summary_buy_box_price(header.summary, a.marketplace, a.item_condition), a.buy_box_price
    );
    a.total_offers := greatest(
      a.total_offers, summary_offer_count(header.summary, a.item_condition)
    );

    largest_price := greatest(
      abs(a.your_price), abs(a.market_low), abs(a.prime_low), abs(a.buy_box_price)
    );
    if round(largest_price, 2) > 99999999.99 then
      raise exception using
        errcode = 'OC005',
        message = format(
          'a landed price of %s does not fit its column', left(largest_price::text, 30)
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

comment on function analyze_by(jsonb, severity_rules, text[]) is
'analyze_notification() under a given rule set and for given own sellers (beside the one that the '
'notification names).';
