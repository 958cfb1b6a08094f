-- Who took the buy box: every way it can change hands, and what is none.
begin;
select plan(32);
\ir ../fixtures.psql
\ir ../market.psql

create function pg_temp.changes(of_asin text default 'B0TEST0001')
returns table (change text)
language sql
as $$
  select concat_ws(
    ' ', to_char(c.event_time at time zone 'UTC', 'HH24'), c.change,
    coalesce(c.old_seller, '?'), '->', coalesce(c.new_seller, '?'),
    case when c.new_is_fba then 'FBA' end, c.old_price, '->', c.new_price, 'yours', c.your_price
  )
  from buy_box_changes('2023-01-31', '2023-02-01', of_asin) as c
$$;

-- You at 12 and two others, of whom somebody may hold the buy box.
create function pg_temp.held_by(holder text)
returns jsonb
language sql immutable
return (
  select jsonb_agg(case when holder = o.name then pg_temp.winning(o.offer) else o.offer end)
  from (
    values
    ('you', pg_temp.offer('A1OWNSELLER001', 12)),
    ('R1', pg_temp.offer('A3R1', 10)),
    ('R2', pg_temp.fba('A3R2', 11))
  ) as o (name, offer)
);

select is(
  pg_temp.hear(h.hour, pg_temp.held_by(h.holder), h.summary), 'processed', 'hour ' || h.hour
)
from (
  values
  (1, 'R1', null::jsonb),
  (2, 'R2', null),
  (3, 'R2', null),
  (4, 'you', null),
  (5, 'nobody', null),  -- without a Summary nothing says that it is suppressed
  (6, 'you', null),
  (7, 'R2', null),
  (8, 'nobody', '{}'),  -- with one that has no BuyBoxPrices, it is
  (9, 'nobody', '{"NumberOfOffers": []}'),
  (10, 'you', null),
  (11, 'nobody', null),
  (12, 'R1', null),  -- from unknown to known, neither of them you
  (13, 'nobody', '{"BuyBoxPrices": [{"Condition": "New", "LandedPrice": {"Amount": 9}}]}')
) as h (hour, holder, summary);
select results_eq(
  'select * from pg_temp.changes()',
  array[
    '02 passed A3R1 -> A3R2 FBA 10 -> 11 yours 12',
    '04 won A3R2 -> A1OWNSELLER001 11 -> 12 yours 12',
    '05 lost A1OWNSELLER001 -> ? 12 -> yours 12',
    '06 won ? -> A1OWNSELLER001 -> 12 yours 12',
    '07 lost A1OWNSELLER001 -> A3R2 FBA 12 -> 11 yours 12',
    '08 suppressed A3R2 -> ? 11 -> yours 12',
    '10 restored ? -> A1OWNSELLER001 -> 12 yours 12',
    '11 lost A1OWNSELLER001 -> ? 12 -> yours 12'
  ],
  'from one to the next'
);

-- Two winners, you and one for Prime: the buy box is yours. Of two others it is the lower one's, of
-- level ones the one's by FBA.
select is(
  pg_temp.hear(h.hour, h.offers, asin => 'B0TEST0002'), 'processed', 'two winners at ' || h.hour
)
from (
  values
  (1, jsonb_build_array(
    pg_temp.winning(pg_temp.fba('A3R1', 10)), pg_temp.winning(pg_temp.offer('A1OWNSELLER001', 12))
  )),
  (2, jsonb_build_array(
    pg_temp.winning(pg_temp.offer('A1OWNSELLER001', 12)), pg_temp.fba('A3R1', 10)
  )),
  (3, jsonb_build_array(
    pg_temp.winning(pg_temp.fba('A3R1', 10)), pg_temp.winning(pg_temp.offer('A3R2', 9)),
    pg_temp.offer('A1OWNSELLER001', 12)
  )),
  (4, jsonb_build_array(
    pg_temp.winning(pg_temp.offer('A3R2', 10)), pg_temp.winning(pg_temp.fba('A3R1', 10)),
    pg_temp.offer('A1OWNSELLER001', 12)
  )),
  (5, jsonb_build_array(
    pg_temp.winning(pg_temp.fba('A3R1', 10)), pg_temp.winning(pg_temp.offer('A3R2', 10)),
    pg_temp.offer('A1OWNSELLER001', 12)
  ))
) as h (hour, offers);
select results_eq(
  $$select * from pg_temp.changes('B0TEST0002')$$,
  array[
    '03 lost A1OWNSELLER001 -> A3R2 12 -> 9 yours 12',
    '04 passed A3R2 -> A3R1 FBA 9 -> 10 yours 12'
  ],
  'are one holder'
);

-- One seller with two offers does not pass the buy box on to himself, and what is neither new nor
-- used has no suppression.
select is(
  pg_temp.hear(h.hour, h.offers, '{}', h.asin, h.item_condition), 'processed', h.asin || h.hour
)
from (
  values
  (1, jsonb_build_array(
    pg_temp.winning(pg_temp.fba('A3R1', 10)), pg_temp.offer('A3R1', 10)
  ), 'B0TEST0003', 'new'),
  (2, jsonb_build_array(
    pg_temp.winning(pg_temp.offer('A3R1', 10)), pg_temp.fba('A3R1', 10)
  ), 'B0TEST0003', 'new'),
  (1, jsonb_build_array(pg_temp.winning(pg_temp.offer('A3R1', 10))), 'B0TEST0004', 'collectible'),
  (2, jsonb_build_array(pg_temp.offer('A3R1', 10)), 'B0TEST0004', 'collectible'),
  -- without offers nothing is suppressed
  (1, jsonb_build_array(pg_temp.winning(pg_temp.offer('A3R1', 10))), 'B0TEST0005', 'used'),
  (2, '[]', 'B0TEST0005', 'used')
) as h (hour, offers, asin, item_condition);
select is_empty(format('select * from pg_temp.changes(%L)', c.asin), c.asin || ' has no change')
from (values ('B0TEST0003'), ('B0TEST0004'), ('B0TEST0005')) as c (asin);

-- The event before may lie before since; a late one stands between the others.
select is(
  array_agg(c.change), array['won'], 'since is inside, until is not'
)
from buy_box_changes('2023-01-31 04:00+00', '2023-01-31 05:00+00', 'B0TEST0001') as c;
select is(pg_temp.hear(3.5, pg_temp.held_by('R1')), 'stale', 'a late one');
select results_eq(
  $$select c.change from pg_temp.changes() as c where c.change ~ '^0[34]'$$,
  array[
    '03 passed A3R2 -> A3R1 11 -> 10 yours 12', '04 won A3R1 -> A1OWNSELLER001 10 -> 12 yours 12'
  ],
  'is between the others'
);

select * from finish();
rollback;
