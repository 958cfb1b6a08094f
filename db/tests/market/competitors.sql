-- Who undercuts whom, by how much, and who holds the buy box.
begin;
select plan(10);
\ir ../fixtures.psql
\ir ../market.psql

create function pg_temp.rivals(since timestamptz, until timestamptz)
returns setof jsonb
language sql
as $$
  select jsonb_build_array(
    c.seller_id, c.items, c.events, round(c.fba_share, 2), c.times_below_you,
    round(c.median_below_pct, 2), c.undercuts, round(c.buy_box_share, 4),
    to_char(c.last_seen at time zone 'UTC', 'HH24')
  )
  from competitors(since, until) as c
$$;

select is(pg_temp.hear(h.hour, h.offers, null, h.asin), 'processed', h.asin || ' ' || h.hour)
from (
  values
  -- before the window: R1 is above you, R3 below
  (1, jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 10), pg_temp.winning(pg_temp.offer('A3R1', 11)),
    pg_temp.offer('A3R3', 9), pg_temp.offer('A3GONE', 5)
  ), 'B0TEST0001'),
  -- R1 undercuts with one of his two offers; R3 lowers what was below already
  (4, jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 10), pg_temp.offer('A3R1', 12), pg_temp.fba('A3R1', 9),
    pg_temp.winning(pg_temp.offer('A3R3', 8))
  ), 'B0TEST0001'),
  -- R3 is above; R1 as he was
  (6, jsonb_build_array(
    pg_temp.winning(pg_temp.offer('A1OWNSELLER001', 10)), pg_temp.fba('A3R1', 9),
    pg_temp.offer('A3R3', 11)
  ), 'B0TEST0001'),
  -- you raise yours, which makes R3 cheaper but no undercutter
  (8, jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 12), pg_temp.winning(pg_temp.fba('A3R1', 9)),
    pg_temp.offer('A3R3', 11)
  ), 'B0TEST0001'),
  -- another item, of which nothing is known before
  (9, jsonb_build_array(pg_temp.winning(pg_temp.offer('A3R3', 3))), 'B0TEST0002')
) as h (hour, offers, asin);

select results_eq(
  $$select * from pg_temp.rivals('2023-01-31 02:00+00', '2023-01-31 10:00+00')$$,
  $$
  values
  -- R1: 2 to 4 and 8 to 10 of eight hours; 10, 10 and 25 % below
  ('["A3R1", 1, 3, 0.75, 3, 10.00, 1, 0.5000, "08"]'::jsonb),
  -- R3: 4 to 6 of eight hours and one of one; 20 and 8.33 % below
  ('["A3R3", 2, 4, 0.00, 2, 14.17, 0, 0.3333, "09"]')
  $$,
  'a row a seller who is not yours'
);
select results_eq(
  $$select * from pg_temp.rivals('2023-01-31 08:00+00', '2023-01-31 08:30+00')$$,
  $$
  values
  ('["A3R1", 1, 1, 1.00, 1, 25.00, 0, 1.0000, "08"]'::jsonb),
  ('["A3R3", 1, 1, 0.00, 1, 8.33, 0, 0.0000, "08"]')
  $$,
  'by the event before since no less'
);
select is_empty(
  $$select * from pg_temp.rivals('2023-01-31 10:00+00', '2023-01-31 11:00+00')$$,
  'nobody without an event inside'
);
select is(array_agg(c.seller_id), array['A3R3'], 'one item alone')
from competitors('2023-01-31', '2023-02-01', 'B0TEST0002') as c;
select is(c.buy_box_share, 1::numeric, 'time passes until now at most')
from competitors('2023-01-31', 'infinity', 'B0TEST0002') as c;
select * from finish();
rollback;
