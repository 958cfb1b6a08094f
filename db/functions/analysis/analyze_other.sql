-- Not inlined: these are rare, and every batch would pay for the start of this plan.
create or replace function analyze_other(notification_type text, payload jsonb)
returns setof notification_analysis
language plpgsql stable parallel safe
rows 1
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
  select
    analyze_other.notification_type,
    false as has_state,
    coalesce(
      text_of((p.change)."ASIN"), text_of(p."ASIN"), text_of(p."Asin")
    ) as asin,
    coalesce(
      text_of((p.change)."MarketplaceId"), text_of(p."MarketplaceId"), 'A1F83G8C2ARO7P'
    ) as marketplace,
    coalesce(lower(text_of((p.change)."ItemCondition") collate "C"), 'new') as item_condition,
    time_of((p.change)."TimeOfOfferChange") as event_time,
    null::timestamptz as publish_time,
    null::text as amazon_notification_id,
    null::numeric as your_price,
    null::numeric as market_low,
    null::numeric as prime_low,
    null::numeric as buy_box_price,
    null::numeric as competitive_price,
    null::integer as your_position,
    null::integer as total_offers,
    null::boolean as buy_box_winner,
    null::text as buy_box_seller,
    null::boolean as buy_box_is_fba,
    null::boolean as buy_box_suppressed,
    null::bigint as sales_rank,
    null::text as currency,
    null::text as pricing_issue,
    null::numeric as reference_price,
    null::text as severity
  from (
    select
      o.*,
      coalesce(
        (o."B2BAnyOfferChangedNotification")."OfferChangeTrigger",
        (o."AnyOfferChangedNotification")."OfferChangeTrigger",
        o."OfferChangeTrigger"
      ) as change
    from jsonb_populate_record(null::amazon_other_payload, analyze_other.payload) as o
    offset 0
  ) as p;
end
$$;

comment on function analyze_other(text, jsonb) is
'Which item a notification of a type that bears on no state is about, by its Payload in '
'PascalCase, where it says so: analyze_under() without what is the same for every type.';
