-- Text is trimmed, and blank is none: Amazon writes "" for what it does not know.
begin;
select plan(12);

select is(read_text(t.value::jsonb, 'here'), t.contents, coalesce(t.value, 'absent'))
from (
  values
  (null, null), ('null', null), ('""', null), ('"  "', null),
  ('"a"', 'a'), ('" a b "', 'a b'), ('"null"', 'null'), ('"Käse"', 'Käse')
) as t (value, contents);

select throws_like(
  format('select read_text(%L, %L)', t.value, 'this.place'),
  '%this.place%',
  t.value || ' is refused with its place'
)
from (values ('7'), ('true'), ('[]'), ('{"a": 1}')) as t (value);

select * from finish();
rollback;
