-- One item: how it stands, its offers, how its prices went.
begin;
select plan(7);
\ir ../fixtures.psql

insert into items (asin, marketplace, title) values ('B0TEST0001', 'A1F83G8C2ARO7P', 'Tea');
select is(r.outcome, 'processed', 'a notification')
from (
  values
  (
    1,
    pg_temp.any_offer_changed(
      jsonb_build_array(
        pg_temp.offer('A1OWNSELLER001', 12),
        pg_temp.offer('A1RIVAL', 10, '{"IsBuyBoxWinner": true}')
      ),
      event_time => to_jsonb(now() - interval '3 hours') #>> '{}'
    )
  ),
  (
    2,
    pg_temp.pricing_health(12, 11, event_time => to_jsonb(now() - interval '1 hour') #>> '{}')
  )
) as m (number, notification)
cross join lateral ingest_notification('page ' || m.number, m.notification::text) as r;

select results_eq(
  $$
  select
    severity, severity_note, title, your_price, your_price_note, market_low, market_low_note
  from page_item_figures('B0TEST0001')
  $$,
  $$
  values (
    'high', 'BuyBoxDisqualification', 'Tea', 12.00, 'position 2 of 2', 10.00, 'you +20 %'
  )
  $$,
  'how it stands'
);
select results_eq(
  $$select rank, seller_id, seller_id_note, landed_price from page_item_offers('B0TEST0001')$$,
  $$values (1, 'A1RIVAL', null, 10::numeric), (2, 'A1OWNSELLER001', 'yours', 12)$$,
  'its offers are those of the newest notification that has any'
);
select results_eq(
  $$
  select
    event_time, your_price, market_low, you_hold_the_buy_box, severity,
    split_part(mark, ' of ', 1) as mark
  from page_item_chart('B0TEST0001')
  $$,
  $$
  values
  (now() - interval '3 hours', 12.00, 10.00, false, 'success', null),
  (now() - interval '1 hour', null, null, null, 'high', 'BuyBoxDisqualification'),
  (now() - interval '1 hour', null, null, null, 'high', 'alert: Pricing issue')
  $$,
  'its prices, what Amazon complained of and what was alerted as marks'
);
select is_empty(
  $$select * from page_item_chart('B0TEST0001', days => 0)$$, 'of so many days'
);
select is_empty(
  $$select * from page_item_offers('B0TEST0001', item_condition => 'used')$$,
  'of one condition'
);

select * from finish();
rollback;
