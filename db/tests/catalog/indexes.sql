-- An index has to serve a query: none is missing behind a foreign key, and none repeats another.
begin;
select plan(4);

select is_empty(
  $$
  select c.conrelid::regclass, c.conname
  from pg_constraint as c
  where c.contype = 'f' and c.connamespace = 'public'::regnamespace
    and not exists (
      select from pg_index as i
      where i.indrelid = c.conrelid and i.indpred is null
        and (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey
    )
  $$,
  'every foreign key has an index'
);

select is_empty(
  $$
  select i.indexrelid::regclass as repeats, other.indexrelid::regclass as of
  from pg_index as i
  inner join pg_class as c on i.indexrelid = c.oid
  inner join pg_index as other on i.indrelid = other.indrelid and i.indexrelid <> other.indexrelid
  inner join pg_class as o on other.indexrelid = o.oid
  where c.relnamespace = 'public'::regnamespace and c.relam = o.relam and not i.indisunique
    and i.indexprs is null and other.indexprs is null
    and i.indpred is not distinct from other.indpred
    and other.indkey::text || ' ' like i.indkey::text || ' %'
  $$,
  'no index is the beginning of another'
);

select is(
  count(*), 1::bigint, 'the unique constraint''s is the only index on message_id'
)
from pg_index as i
inner join pg_attribute as a on i.indrelid = a.attrelid and i.indkey[0] = a.attnum
where i.indrelid = 'worker_notifications'::regclass and a.attname = 'message_id';

select is_empty(
  $$select i.indexrelid::regclass from pg_index as i where not i.indisvalid$$,
  'every index is in use'
);

select * from finish();
rollback;
