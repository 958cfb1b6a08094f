-- What counts as a change of an offer, and what Amazon's ways must not make one.
begin;
select plan(20);
\ir ../fixtures.psql
\ir ../market.psql

create function pg_temp.changes(of_asin text default 'B0TEST0001')
returns table (change text)
language sql
as $$
  select concat_ws(
    ' ', to_char(c.event_time at time zone 'UTC', 'HH24'), c.seller_id,
    case when c.is_fba then 'FBA' end, case when c.is_own then 'own' end, c.change,
    c.old_price, '->', c.new_price, '#' || c.rank
  )
  from offer_changes('2023-01-31', '2023-02-01', of_asin) as c
$$;

select is(pg_temp.hear(h.hour, h.offers), 'processed', 'hour ' || h.hour)
from (
  values
  (1, jsonb_build_array(
    pg_temp.offer('A1OWNSELLER001', 12), pg_temp.winning(pg_temp.fba('A3R1', 10)),
    pg_temp.offer('A3R1', 9.5), pg_temp.offer('A3R2', 11)
  )),
  -- in another order; he who sells twice lowers one of his two prices, the other loses the buy box
  (2, jsonb_build_array(
    pg_temp.offer('A3R2', 11), pg_temp.offer('A3R1', 9), pg_temp.fba('A3R1', 10),
    pg_temp.winning(pg_temp.offer('A1OWNSELLER001', 12))
  )),
  -- one leaves, one comes, of level price with another; what has no price or seller is not there
  (3, jsonb_build_array(
    pg_temp.fba('A3R1', 10), pg_temp.offer('A3R3', 10), pg_temp.offer('A1OWNSELLER001', 12),
    pg_temp.offer('A3R1', 9), pg_temp.offer(null, 1), pg_temp.offer('A3R4', null)
  ))
) as h (hour, offers);

select results_eq(
  'select * from pg_temp.changes()',
  array[
    '02 A3R1 price 9.5 -> 9 #1',
    '02 A3R1 FBA buy_box_lost 10 -> 10 #2',
    '02 A1OWNSELLER001 own buy_box_won 12 -> 12 #4',
    '03 A3R3 appeared -> 10 #3',
    '03 A1OWNSELLER001 own buy_box_lost 12 -> 12 #5',
    '03 A3R2 left 11 ->'
  ],
  'from one to the next'
);

-- A late event stands between the others, whenever it arrives.
select is(
  pg_temp.hear(2.5, jsonb_build_array(pg_temp.offer('A3R2', 11))), 'stale', 'a late one'
);
select results_eq(
  $$select c.change from pg_temp.changes() as c where c.change ~ 'A3R2|left'$$,
  array[
    '02 A1OWNSELLER001 own left 12 ->', '02 A3R1 left 9 ->', '02 A3R1 FBA left 10 ->',
    '03 A3R2 left 11 ->'
  ],
  'is between the others'
);

-- Two winners, one of them for Prime, are two changes; equal prices in another order are none; the
-- event before may lie before since.
select is(pg_temp.hear(h.hour, h.offers, asin => 'B0TEST0002'), 'processed', 'hour ' || h.hour)
from (
  values
  (-1, jsonb_build_array(pg_temp.offer('A3R1', 10), pg_temp.fba('A3R2', 10))),
  (1, jsonb_build_array(
    pg_temp.winning(pg_temp.fba('A3R2', 10)), pg_temp.winning(pg_temp.offer('A3R1', 10))
  )),
  (2, jsonb_build_array(
    pg_temp.winning(pg_temp.offer('A3R1', 10)), pg_temp.winning(pg_temp.fba('A3R2', 10))
  ))
) as h (hour, offers);
select results_eq(
  $$select * from pg_temp.changes('B0TEST0002')$$,
  array['01 A3R1 buy_box_won 10 -> 10 #1', '01 A3R2 FBA buy_box_won 10 -> 10 #1'],
  'two winners, and nothing for their order'
);

-- Of 20 that are listed, who is missing may only have fallen out of them; of 19, he left.
select is(pg_temp.hear(h.hour, h.offers, asin => 'B0TEST0003'), 'processed', 'hour ' || h.hour)
from (
  values
  (1, pg_temp.crowd(20)),
  (2, pg_temp.crowd(19) || pg_temp.offer('A3NEW', 1)),
  (3, pg_temp.crowd(19))
) as h (hour, offers);
select results_eq(
  $$select c.change from pg_temp.changes('B0TEST0003') as c$$,
  array[
    '02 A3NEW appeared -> 1 #1', '02 A3CROWD20 unlisted 10.20 ->', '03 A3NEW left 1 ->'
  ],
  'unlisted of 20, left of 19'
);

-- Business offers are another market, and the same body twice is one event.
select is(r.outcome, 'processed', 'a B2B notification')
from ingest_notification('b2b', (
  pg_temp.any_offer_changed('[]', asin => 'B0TEST0003', event_time => '2023-01-31T04:00:00Z')
  || '{"NotificationType": "B2B_ANY_OFFER_CHANGED"}'
)::text) as r;
select is(
  pg_temp.hear(3, pg_temp.crowd(19), asin => 'B0TEST0003'), 'duplicate', 'the same once more'
);
select is(count(*), 3::bigint, 'neither changes anything')
from pg_temp.changes('B0TEST0003');

-- The featured offer is spelled in two ways, and no change hangs on either.
select is(
  count(distinct a), 1::bigint, 'FeaturedOffer and "Featured Offer" mean the same'
)
from unnest(array['FeaturedOffer', 'Featured Offer', 'Internal', '']) as t (kind)
cross join lateral analyze_notification(jsonb_set(
  pg_temp.any_offer_changed(pg_temp.crowd(3)),
  '{Payload,AnyOfferChangedNotification,OfferChangeTrigger,OfferChangeType}', to_jsonb(t.kind)
)) as a;

select is_empty(
  $$select c.* from offer_changes('2023-02-01', 'infinity') as c$$, 'until is not inside'
);
select is(
  array_agg(c.asin order by c.asin), array['B0TEST0003'], 'and since is'
)
from (
  select distinct c.asin from offer_changes('2023-01-31 03:00+00', '2023-01-31 03:00:01+00') as c
  where c.asin = 'B0TEST0003'
) as c;

select * from finish();
rollback;
