-- The items: which, in which order, and what a row says.
begin;
select plan(37);

insert into current_state (
  asin, marketplace, item_condition, severity, your_price, market_low, your_position,
  total_offers, buy_box_winner, buy_box_price, buy_box_seller, buy_box_is_fba, buy_box_suppressed,
  currency, sales_rank, event_time, pricing_issue, pricing_issue_time
)
values
(
  'B0PAGE0001', 'A1F83G8C2ARO7P', 'new', 'success', 10, 10, 1, 3, true, 10, 'A1OWNSELLER001', true,
  false, 'GBP', 500, now() - interval '1 hour', null, null
),
(
  'B0PAGE0002', 'A1F83G8C2ARO7P', 'new', 'critical', 20, 10, 12, 14, false, 10, 'A1RIVAL', true,
  false, 'GBP', 7, now() - interval '2 hours', null, null
),
(
  'B0PAGE0003', 'A1F83G8C2ARO7P', 'new', 'critical', 30, 10, 12, 14, false, null, null, null,
  true, 'GBP', null, now() - interval '3 hours', 'Suspended', now() - interval '2 hours'
),
(
  'B0PAGE0003', 'A1PA6795UKMFR9', 'used', 'info', null, 10, null, 3, false, 10, 'A1RIVAL', false,
  null, 'EUR', null, now(), 'Suspended', now() - interval '2 hours'
);
insert into items (asin, marketplace, sku, title) values
('B0PAGE0001', 'A1F83G8C2ARO7P', 'tea-1', '100% Assam_Tea'),
('B0PAGE0003', 'A1PA6795UKMFR9', 'mug-3', 'Mug Größe XL');

create function pg_temp.shown(arguments text)
returns text
language plpgsql stable
as $$
declare
  found text;
begin
  execute format(
    'select string_agg(substr(asin, 10) || left(item_condition, 1), '' '') from page_items(%s)',
    arguments
  ) into found;
  return found;
end
$$;

select is(pg_temp.shown(t.arguments), t.expected, t.description)
from (
  values
  ('', '3n 2n 3u 1n', 'the worst come first, of those the greatest gap'),
  ($$severity => 'critical'$$, '3n 2n', 'of a severity'),
  ($$marketplace => 'A1PA6795UKMFR9'$$, '3u', 'of a marketplace'),
  ($$severity => 'critical', marketplace => 'A1PA6795UKMFR9'$$, null, 'of both'),
  ($$search => 'page0003'$$, '3n 3u', 'with a text in the ASIN, in whichever case'),
  ($$search => 'assam'$$, '1n', 'or in the title'),
  ($$search => 'MUG-'$$, '3u', 'or in the SKU'),
  ($$search => 'GRÖSSE'$$, null, 'of which each letter counts'),
  ($$search => 'GRÖßE xl'$$, '3u', 'umlauts in whichever case, too'),
  ($$search => 'größe'$$, '3u', 'and as they stand'),
  ($$search => '0% a'$$, '1n', 'which is a text'),
  ($$search => '100_ Assam'$$, null, 'and no pattern'),
  ($$sort => 'asin'$$, '1n 2n 3n 3u', 'by ASIN'),
  ($$sort => '-asin'$$, '3n 3u 2n 1n', 'and the other way round'),
  ($$sort => 'your_price'$$, '1n 2n 3n 3u', 'by price, nothing last'),
  ($$sort => '-your_price'$$, '3n 2n 1n 3u', 'and the other way round, too'),
  ($$sort => 'updated'$$, '3n 2n 1n 3u', 'by age'),
  ($$sort => 'sales_rank'$$, '2n 1n 3n 3u', 'by rank'),
  ($$page => 2$$, null, 'and there is no second page')
) as t (arguments, expected, description);

select throws_ok(
  format('select * from page_items(%s)', t.arguments), '22023', t.message, t.message
)
from (
  values
  ($$severity => 'bad'$$, $$there is no severity 'bad'$$),
  ($$sort => 'colour'$$, $$items have no order by 'colour'$$),
  ($$sort => ''$$, $$items have no order by ''$$),
  ('page => 0', 'there is no page 0')
) as t (arguments, message);

select results_eq(
  $$
  select
    severity_note, title, marketplace_note, market_low_note, buy_box_price_note, your_position,
    your_position_note
  from page_items(sort => 'asin')
  $$,
  $$
  values
  (null::text, '100% Assam_Tea', 'UK', null, 'yours', 1, 'of 3'),
  (null, null, 'UK', 'you +100 %', 'A1RIVAL, FBA', 12, 'of 14'),
  ('Suspended', null, 'UK', 'you +200 %', 'suppressed', 12, 'of 14'),
  (null, 'Mug Größe XL', 'DE', null, 'A1RIVAL', null, 'of 3')
  $$,
  'a row says what is the matter'
);

insert into current_state (asin, severity, your_position)
select 'B0PAGE1' || to_char(i, 'FM000') as asin, 'info' as severity, i
from generate_series(1, 197) as i;
select results_eq(
  $$select count(*), min(asin), max(asin) from page_items(sort => 'asin')$$,
  $$values (100::bigint, 'B0PAGE0001', 'B0PAGE1096')$$,
  'a hundred items are a page'
);
select results_eq(
  $$select asin from page_items(sort => 'asin', page => 3)$$, array['B0PAGE1197'],
  'and the last is on the last'
);

select results_eq(
  $$select * from page_items_filters(search => 'B0PAGE00') where parameter <> 'sort'$$,
  $$
  values
  ('severity', 'critical', 'critical', 2::bigint),
  ('severity', 'high', 'high', 0),
  ('severity', 'warning', 'warning', 0),
  ('severity', 'info', 'info', 1),
  ('severity', 'success', 'success', 1),
  ('marketplace', 'A1PA6795UKMFR9', 'DE', 1),
  ('marketplace', 'A1F83G8C2ARO7P', 'UK', 3),
  ('page', null, null, 4)
  $$,
  'each filter tells how many there are'
);
select results_eq(
  $$
  select choice, items
  from page_items_filters('critical', 'A1PA6795UKMFR9', 'B0PAGE00')
  where items > 0
  $$,
  $$values ('info', 1::bigint), ('A1F83G8C2ARO7P', 2)$$,
  'under the other filters, not under its own'
);
select lives_ok(
  format('select * from page_items(sort => %L)', f.choice), 'it can be sorted by ' || f.choice
)
from page_items_filters() as f
where f.parameter = 'sort';
select is(marketplace_country('A1XYZ'), 'A1XYZ', 'a marketplace that is not known stays an id');

select * from finish();
rollback;
