create or replace function landed_price(
  listing_price numeric, shipping numeric, points numeric, marketplace text
)
returns numeric
language sql immutable parallel safe
return listing_price + coalesce(shipping, 0)
  - case when marketplace = 'A1VC38T7YXB528' then coalesce(points, 0) else 0 end;

comment on function landed_price(numeric, numeric, numeric, text) is
'What the buyer pays and what Amazon ranks by: listing price + shipping (0 where unknown) - '
'points, in the notification''s currency. Points are taken off in Japan only (marketplace '
'A1VC38T7YXB528), where one is worth one yen. Null without a listing price.';
