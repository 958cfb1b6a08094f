-- What the other panels say of a small story: a rival takes the buy box by a lower price.
begin;
select plan(15);
\ir ../fixtures.psql

select is(
  (
    ingest_notification(
      'page ' || m.number,
      pg_temp.any_offer_changed(
        jsonb_build_array(
          pg_temp.offer('A1OWNSELLER001', 12, jsonb_build_object('IsBuyBoxWinner', m.rival > 12)),
          pg_temp.offer('A1RIVAL', m.rival, jsonb_build_object('IsBuyBoxWinner', m.rival < 12))
        ),
        event_time => to_jsonb(date_trunc('day', now(), 'UTC') - m.ago) #>> '{}'
      )::text
    )
  ).outcome,
  'processed',
  'an event'
)
from (
  values (1, 13, interval '30 hours'), (2, 10, interval '12 hours')
) as m (number, rival, ago);
select roll_up_days();

select results_eq(
  $$select say from page_item_text('B0TEST0001')$$,
  array['Match the buy box at 10.00 (A1RIVAL): list at 10.00.'],
  'what to do, in a sentence'
);
select results_eq(
  $$select part, item, value from page_item_why('B0TEST0001') limit 3$$,
  $$
  values
  ('result', 'severity', 'success'), ('result', 'severity stored', 'success'),
  ('rule', 'rule set', 'default')
  $$,
  'why, the result first'
);
select results_eq(
  $$
  select change, old_seller, new_seller, old_price, new_price
  from page_item_buy_box('B0TEST0001')
  $$,
  $$values ('lost', 'A1OWNSELLER001', 'A1RIVAL', 12.00, 10.00)$$,
  'who took the buy box'
);
select results_eq(
  $$
  select change, seller_id, old_price, new_price, rank
  from page_item_changes('B0TEST0001')
  order by change
  $$,
  $$
  values
  ('buy box lost', 'A1OWNSELLER001', 12.00, 12.00, 2),
  ('buy box won', 'A1RIVAL', 13.00, 10.00, 1),
  ('price', 'A1RIVAL', 13.00, 10.00, 1)
  $$,
  'what changed'
);
select is_empty(
  $$select * from page_item_changes('B0TEST0001', days => 0)$$, 'in so many days'
);
select results_eq(
  $$
  select seller_id, items, events, undercuts, median_below_pct
  from page_competitors(asin => 'B0TEST0001')
  $$,
  $$values ('A1RIVAL', 1::bigint, 2::bigint, 1::bigint, 16.7)$$,
  'who undercuts'
);
select results_eq(
  $$select day, marketplace, events, buy_box_pct, buy_box_lost from page_days()$$,
  $$
  values
  ((now() at time zone 'UTC')::date - 1, 'UK', 1::bigint, 50.0, 1::bigint),
  ((now() at time zone 'UTC')::date - 2, 'UK', 1, 100.0, 0)
  $$,
  'how the days went'
);
select results_eq(
  $$select buy_box_pct from page_days_chart()$$, array[100.0, 50.0], 'the same as a line'
);
select results_eq(
  $$select parameter, choice, label, items from page_days_filters()$$,
  $$values ('marketplace', 'A1F83G8C2ARO7P', 'UK', 1::bigint)$$,
  'of which marketplaces'
);
select is_empty(
  $$select * from page_days(marketplace => 'A1PA6795UKMFR9')$$, 'of which there may be none'
);
select results_eq(
  $$select messages, failures from page_operations_ingest() where window_name = '1 hour'$$,
  $$values (2::bigint, 0::bigint)$$,
  'how ingest does'
);

select is(r.outcome, 'failed', 'a bad message') from ingest_notification('bad', 'no JSON') as r;
select results_eq(
  $$select message_id, failure_count from page_operations_failures()$$,
  $$values ('bad', 1)$$,
  'what failed'
);

select * from finish();
rollback;
