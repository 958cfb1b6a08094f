create or replace function page_item_offers(
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  item_condition text default 'new'
)
returns table (
  rank integer,
  seller_id text,
  seller_id_note text,
  is_own boolean,
  currency text,
  landed_price numeric,
  listing_price numeric,
  shipping numeric,
  is_fba boolean,
  is_prime boolean,
  is_buy_box_winner boolean
)
language sql stable parallel restricted
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select
    o.rank,
    o.seller_id,
    case when o.is_own then 'yours' end as seller_id_note,
    o.is_own,
    o.currency,
    o.landed_price,
    o.listing_price,
    o.shipping,
    o.is_fba,
    o.is_prime,
    o.is_buy_box_winner
  from current_state as c
  inner join worker_notifications as n on c.offers_dedupe_hash collate "default" = n.dedupe_hash
  cross join lateral extract_offers(n.raw_notification) as o
  where c.asin = page_item_offers.asin
    and c.marketplace = page_item_offers.marketplace
    and c.item_condition = page_item_offers.item_condition
  order by o.rank nulls last, o.ordinal
$$;

comment on function page_item_offers(text, text, text) is
'Offers. Those that Amazon listed last (20 at most), the cheapest first, each with what the buyer '
'pays for it.';
