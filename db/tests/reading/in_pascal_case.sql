-- One spelling inside: every name that the types know is brought to theirs, no value is touched.
begin;
select plan(11);

-- As Amazon spells it in camelCase: SellerId sellerId, ASIN asin, B2BAny… b2bAny….
create temporary table names on commit drop as
select distinct
  a.attname as pascal,
  case
    when a.attname = upper(a.attname) then lower(a.attname)
    when a.attname like 'B2B%' then 'b2b' || substr(a.attname, 4)
    else lower(left(a.attname, 1)) || substr(a.attname, 2)
  end as camel
from pg_type as t
inner join pg_attribute as a on t.typrelid = a.attrelid
where
  t.typnamespace = 'public'::regnamespace
  and t.typname like 'amazon\_%'
  and t.typtype = 'c'
  and a.attnum > 0
  and not a.attisdropped
  -- ASIN once more, as some other types write it
  and a.attname <> 'Asin';

select cmp_ok(count(*), '>=', 35::bigint, 'the types know some forty names') from names;
select is_empty(
  $$
  select n.camel
  from names as n
  where respell(jsonb_build_object(n.camel, 1)) is distinct from jsonb_build_object(n.pascal, 1)
  $$,
  'each is respelled'
);
select is_empty(
  $$
  select n.pascal
  from names as n
  where respell(jsonb_build_object(n.pascal, 1)) is distinct from jsonb_build_object(n.pascal, 1)
  $$,
  'and stays as it is where it is right'
);
select is(
  respell(jsonb_object_agg(n.camel, jsonb_build_array(jsonb_build_object(n.camel, n.camel)))),
  jsonb_object_agg(n.pascal, jsonb_build_array(jsonb_build_object(n.pascal, n.camel))),
  'at any depth, and the values stay'
)
from names as n
where n.pascal <> 'Payload';

-- What looks like a name inside a string is none.
select is(
  respell(jsonb_build_object('asin', t.value)), jsonb_build_object('ASIN', t.value), t.value
)
from (
  values ('"asin":'), ('\"asin":'), ('{"asin":1,"payload":{}}'), ('x\"sellerId\":')
) as t (value);

select is(
  in_pascal_case('{"Payload": {"asin": "a"}}'), '{"Payload": {"asin": "a"}}',
  'one that is in PascalCase is not looked into'
);
select is(
  in_pascal_case('{"notificationType": "X", "Payload": {"asin": "a", "ASIN": null}}'),
  '{"NotificationType": "X", "Payload": {"ASIN": "a"}}',
  'of both spellings the camelCase one''s stays'
);
select is(
  in_pascal_case(
    '{"notificationType": "X", "payload": {"asin": "a"}, "Payload": {"marketplaceId": "m"}}'
  ),
  '{"NotificationType": "X", "Payload": {"ASIN": "a", "MarketplaceId": "m"}}',
  'and two payloads are one'
);

select * from finish();
rollback;
