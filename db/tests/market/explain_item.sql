-- Why an item has its severity, without knowing a message's id.
begin;
select plan(9);
\ir ../fixtures.psql

select is(r.outcome, 'processed', m.id)
from (
  values
  ('uk', pg_temp.any_offer_changed(jsonb_build_array(pg_temp.offer('A1OWNSELLER001', 12)))),
  ('used', pg_temp.any_offer_changed('[]', item_condition => 'Used')),
  ('us', pg_temp.any_offer_changed('[]', marketplace => 'ATVPDKIKX0DER'))
) as m (id, body)
cross join lateral ingest_notification(m.id, m.body::text) as r;

select results_eq(
  $$select e.part, e.item, e.value from explain_item('B0TEST0001', 'A1F83G8C2ARO7P') as e$$,
  $$select e.part, e.item, e.value from explain_severity('uk') as e$$,
  'one marketplace'
);
select results_eq(
  $$select e.* from explain_item('B0TEST0001') as e$$,
  $$
  select 'A1F83G8C2ARO7P', e.* from explain_severity('uk') as e
  union all
  select 'ATVPDKIKX0DER', e.* from explain_severity('us') as e
  $$,
  'each where none is given'
);
select is(count(*), count(*) filter (where e.marketplace = 'A1F83G8C2ARO7P'), 'a condition')
from explain_item('B0TEST0001', item_condition => 'Used') as e;
select throws_ok(
  $$select * from explain_item('B0UNKNOWN')$$, 'OC102', null, 'not what is not there'
);

-- What an issue was judged by is called what it is, and nothing is said of other rules.
select is(r.outcome, 'processed', 'an issue')
from ingest_notification('issue', pg_temp.pricing_health(
  18, 12, event_time => '2023-01-31T10:00:00Z'
)::text) as r;
select results_eq(
  $$
  select e.part, e.item, e.value
  from explain_item('B0TEST0001', 'A1F83G8C2ARO7P') as e
  where e.part in ('figure', 'threshold')
  $$,
  $$
  values
  ('figure', 'your_price', '18.00'),
  ('figure', 'reference_price', '12.00'),
  ('figure', 'gap', '50.00 %'),
  ('threshold', 'critical_gap_pct', '50')
  $$,
  'the figures of an issue'
);

select * from finish();
rollback;
