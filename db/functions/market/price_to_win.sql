-- A call for a row, so that who has some rows of current_state asks for those alone.
create or replace function price_to_win(asin text default null)
returns table (
  asin text,
  marketplace text,
  item_condition text,
  title text,
  your_price numeric,
  shipping numeric,
  rank_1 numeric,
  top numeric,
  buy_box_price numeric,
  competitive_price numeric,
  reference_price numeric,
  suggested_price numeric,
  reason text,
  at_floor boolean
)
language sql stable parallel safe
begin atomic
  select p.*
  from current_state as c
  cross join lateral suggest_price(c) as p
  where price_to_win.asin is null or c.asin = price_to_win.asin
  order by p.asin, p.marketplace, p.item_condition;
end;

comment on function price_to_win(text) is
'What listing price would win the buy box back, a row an item of current_state in which you have '
'an offer, of one ASIN or of all. It suggests; nothing changes a price. Your offer is your lowest; '
'your_price, rank_1 (the lowest of the others), top (the last of the others with which position '
'success_max_position is full; null where there are fewer) and the three prices of current_state '
'are landed; suggested_price is a listing price: what has to be matched, less your shipping, plus '
'your points. That is the least of buy_box_price, competitive_price and reference_price (while the '
'issue is not older than the offers), else rank_1. It is null where you hold the buy box, where '
'your price is at or under that already, where nothing above 0 is left, and where your '
'items.floor_price (of condition new) is not under your listing price; at_floor: the floor raised '
'it. reason says which, in a sentence. In currency, rounded to two decimals. '
'Example: select suggested_price, reason from price_to_win(''B0DEMO0012'')';
