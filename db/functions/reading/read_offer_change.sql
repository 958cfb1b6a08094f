create or replace function read_offer_change(payload jsonb)
returns table (
  asin text,
  marketplace text,
  item_condition text,
  seller_id text,
  change_time timestamptz,
  offers amazon_offer[],
  summary amazon_summary
)
language sql stable parallel safe
rows 1
begin atomic
  select
    coalesce(
      text_of((c.change)."ASIN"), text_of((c.content)."ASIN"),
      text_of(((c.content)."OfferChangeSummary")."ASIN"),
      text_of((c."OfferChangeSummary")."ASIN"), text_of(c."ASIN")
    ) as asin,
    coalesce(
      text_of((c.change)."MarketplaceId"), text_of((c.content)."MarketplaceId"),
      text_of(c."MarketplaceId"), 'A1F83G8C2ARO7P'
    ) as marketplace,
    coalesce(lower(text_of((c.change)."ItemCondition") collate "C"), 'new') as item_condition,
    text_of((c.content)."SellerId") as seller_id,
    time_of((c.change)."TimeOfOfferChange") as change_time,
    coalesce(
      (c.content)."Offers", ((c.content)."OfferChangeSummary")."Offers",
      (c."OfferChangeSummary")."Offers"
    ) as offers,
    (c.content)."Summary" as summary
  from (
    select
      w.*,
      (w.content)."OfferChangeTrigger" as change
    from (
      select
        p.*,
        coalesce(
          p."AnyOfferChangedNotification", p."B2BAnyOfferChangedNotification"
        ) as content
      from jsonb_populate_record(
        null::amazon_offer_change_payload, read_offer_change.payload
      ) as p
      offset 0
    ) as w
    offset 0
  ) as c
  offset 0;
end;

comment on function read_offer_change(jsonb) is
'The parts of an ANY_OFFER_CHANGED (or its B2B sister) by its Payload in PascalCase: where Amazon '
'puts them, else where the original worker''s test messages do. item_condition is in lower case. '
'Raises what Postgres does where a member does not fit its type: see misfit().';
