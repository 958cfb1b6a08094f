-- What a member may look like that is read as a time, an amount or a text. What it may not is in
-- ingest/failures.sql.
begin;
select plan(54);
set local timezone = 'Asia/Kathmandu';

create type pg_temp.member as (
  a_time amazon_time, an_amount amazon_amount, a_text amazon_text
);

select is(
  time_of(
    (
      jsonb_populate_record(null::pg_temp.member, jsonb_build_object('a_time', t.value::jsonb))
    ).a_time
  ),
  t.utc::timestamptz, 'a_time: ' || coalesce(t.value, 'absent')
)
from (
  values
  (null, null), ('null', null),
  ('"2023-01-31T09:30:00Z"', '2023-01-31 09:30:00+00'),
  ('"2023-01-31T09:30:00.5Z"', '2023-01-31 09:30:00.5+00'),
  ('"2023-01-31T09:30:00"', '2023-01-31 09:30:00+00'),
  ('"2023-01-31T09:30:00.123456789"', '2023-01-31 09:30:00.123457+00'),
  ('"2023-01-31T09:30Z"', '2023-01-31 09:30:00+00'),
  ('"2023-01-31 09:30:00Z"', '2023-01-31 09:30:00+00'),
  ('"2023-01-31t09:30:00z"', '2023-01-31 09:30:00+00'),
  ('"2023-01-31"', '2023-01-31 00:00:00+00'),
  ('"20230131T093000Z"', '2023-01-31 09:30:00+00'),
  ('"2023-01-31T09:30:00+02:00"', '2023-01-31 07:30:00+00'),
  ('"2023-01-31T09:30:00-0330"', '2023-01-31 13:00:00+00'),
  ('"2023-01-31T09:30:00+14"', '2023-01-30 19:30:00+00'),
  ('"2023-01-31T24:00:00Z"', '2023-02-01 00:00:00+00'),
  ('"2016-12-31T23:59:60Z"', '2017-01-01 00:00:00+00'),
  ('"2024-02-29T00:00:00Z"', '2024-02-29 00:00:00+00')
) as t (value, utc);

select throws_ok(
  format(
    $$select jsonb_populate_record(null::pg_temp.member, jsonb_build_object('a_time', %L::jsonb))$$,
    t.value
  ),
  '23514', null, 'a_time: ' || t.value || ' is refused'
)
from (
  values ('"yesterday"'), ('"infinity"'), ('7'), ('{}')
) as t (value);

select is(
  amount_of(
    (
      jsonb_populate_record(null::pg_temp.member, jsonb_build_object('an_amount', t.value::jsonb))
    ).an_amount
  ),
  t.amount, 'an_amount: ' || coalesce(t.value, 'absent')
)
from (
  values
  (null, null), ('null', null),
  ('0', 0), ('-0', 0), ('0.00', 0), ('7', 7), ('24.99', 24.99), ('1e3', 1000), ('1.5E-2', 0.015),
  ('"0"', 0), ('"7"', 7), ('"007"', 7), ('"24.99"', 24.99), ('"1e3"', 1000), ('"1E+3"', 1000),
  ('"1.5e-2"', 0.015), ('1234567890123456789012.12345678', 1234567890123456789012.12345678)
) as t (value, amount);

select throws_ok(
  format(
    $$
    select jsonb_populate_record(
      null::pg_temp.member, jsonb_build_object('an_amount', %L::jsonb)
    )
    $$,
    t.value
  ),
  '23514', null, 'an_amount: ' || t.value || ' is refused'
)
from (values ('-1'), ('"a"'), ('".5"'), ('true')) as t (value);

select is(
  text_of(
    (
      jsonb_populate_record(null::pg_temp.member, jsonb_build_object('a_text', t.value::jsonb))
    ).a_text
  ),
  t.contents, 'a_text: ' || coalesce(t.value, 'absent')
)
from (
  values
  (null, null), ('null', null), ('""', null), ('"  "', null),
  ('7', '7'), ('"a"', 'a'), ('" a b "', 'a b'), ('"null"', 'null'), ('"Käse"', 'Käse')
) as t (value, contents);

select throws_ok(
  format(
    $$select jsonb_populate_record(null::pg_temp.member, jsonb_build_object('a_text', %L::jsonb))$$,
    t.value
  ),
  '23514', null, 'a_text: ' || t.value || ' is refused'
)
from (values ('true'), ('[]'), ('{"a": 1}')) as t (value);

select * from finish();
rollback;
