create or replace function extract_offers(notification jsonb)
returns table (
  ordinal integer,
  seller_id text,
  item_condition text,
  listing_price numeric,
  shipping numeric,
  landed_price numeric,
  currency text,
  is_prime boolean,
  is_fba boolean,
  is_buy_box_winner boolean,
  is_own boolean,
  rank integer
)
language sql stable parallel safe
begin atomic
  select
    o.ordinal,
    o.seller_id,
    c.item_condition,
    o.listing_price,
    o.shipping,
    o.landed_price,
    o.currency,
    o.is_prime,
    o.is_fba,
    o.is_buy_box_winner,
    o.is_own,
    case
      when o.landed_price is not null then rank() over (order by o.landed_price)::integer
    end as rank
  from in_pascal_case(extract_offers.notification) as n (notification)
  cross join own_seller_ids() as s (ids)
  cross join lateral read_offer_change(in_pascal_case(n.notification -> 'Payload')) as c
  cross join lateral priced_offers(c.offers, s.ids, c.seller_id, c.marketplace) as o
  where n.notification ->> 'NotificationType' in ('ANY_OFFER_CHANGED', 'B2B_ANY_OFFER_CHANGED')
  order by o.ordinal;
end;

comment on function extract_offers(jsonb) is
'The offers of one unwrapped notification, a row each in the order they came: see priced_offers() '
'for the columns; item_condition is the trigger''s; rank is 1 + the number of offers with a '
'strictly lower landed price, null without a listing price. Own are the offers of the seller that '
'the notification names and of own_sellers. No rows for a type that lists none. Raises what '
'Postgres does where a member does not fit its type (db/types). '
'Example: select o.* from worker_notifications as w cross join lateral '
'extract_offers(w.raw_notification) as o where w.asin = ''B0DEMO0012''';
