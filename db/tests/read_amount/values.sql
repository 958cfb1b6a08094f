-- What an amount may look like. What it may not is in ingest_notification/failures.sql.
begin;
select plan(21);

select is(read_amount(t.value::jsonb, 'here'), t.amount, coalesce(t.value, 'absent'))
from (
  values
  (null, null), ('null', null),
  ('0', 0), ('-0', 0), ('0.00', 0), ('7', 7), ('24.99', 24.99), ('1e3', 1000), ('1.5E-2', 0.015),
  ('"0"', 0), ('"7"', 7), ('"007"', 7), ('"24.99"', 24.99), ('"1e3"', 1000), ('"1E+3"', 1000),
  ('"1.5e-2"', 0.015), ('1234567890123456789012.12345678', 1234567890123456789012.12345678)
) as t (value, amount);

select throws_like(
  format('select read_amount(%L, %L)', t.value, 'this.place'),
  '%this.place%',
  t.value || ' is refused with its place'
)
from (values ('-1'), ('"a"'), ('".5"'), ('true')) as t (value);

select * from finish();
rollback;
