create or replace function analyze_pricing_health(payload jsonb)
returns setof notification_analysis
language sql stable parallel safe
rows 1
begin atomic
  select
    'PRICING_HEALTH' as notification_type,
    true as has_state,
    coalesce(text_of((p."OfferChangeTrigger")."ASIN"), text_of(p."ASIN")) as asin,
    p.marketplace,
    p.item_condition,
    time_of((p."OfferChangeTrigger")."TimeOfOfferChange") as event_time,
    null::timestamptz as publish_time,
    null::text as amazon_notification_id,
    price_of(p."MerchantOffer", p.marketplace) as your_price,
    coalesce(p.threshold, b.price) as market_low,
    null::numeric as prime_low,
    b.price as buy_box_price,
    null::numeric as competitive_price,
    null::integer as your_position,
    null::integer as total_offers,
    null::boolean as buy_box_winner,
    null::text as buy_box_seller,
    null::boolean as buy_box_is_fba,
    null::boolean as buy_box_suppressed,
    null::bigint as sales_rank,
    null::text as currency,
    text_of(p."IssueType") as pricing_issue,
    coalesce(p.threshold, b.price) as reference_price,
    null::text as severity
  from (
    select
      h.*,
      coalesce(
        text_of((h."OfferChangeTrigger")."MarketplaceId"), text_of(h."MarketplaceId"),
        'A1F83G8C2ARO7P'
      ) as marketplace,
      coalesce(
        lower(text_of((h."OfferChangeTrigger")."ItemCondition") collate "C"), 'new'
      ) as item_condition,
      amount_of(
        (((h."Summary")."ReferencePrice")."CompetitivePriceThreshold")."Amount"
      ) as threshold
    from jsonb_populate_record(
      null::amazon_pricing_health, analyze_pricing_health.payload
    ) as h
    offset 0
  ) as p
  cross join lateral buy_box_entries(p."Summary", p.marketplace, p.item_condition) as b;
end;

comment on function analyze_pricing_health(jsonb) is
'What a PRICING_HEALTH says, by its Payload in PascalCase: analyze_under() without what is the '
'same for every type. your_price is the own offer''s, reference_price (market_low too) the '
'competitive price threshold, else the buy box''s price. event_time is the trigger''s.';
