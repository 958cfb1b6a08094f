-- The panels: stable, security definer functions page_* that return rows and that we may execute.
-- Of each parameter: its type, whether it has to be given, and what a form shows as its default.
-- A front, views over several databases, has none: there they are the views that we may read, by a
-- query each, and shard_page(asin), where there is one, says where an item's own page is.
with panels as (
  select
    p.proname::text as name,
    split_part(p.proname, '_', 2) as page,
    coalesce(obj_description(p.oid, 'pg_proc'), p.proname) as comment,
    pg_get_functiondef(p.oid) as definition,
    (
      select coalesce(json_object_agg(p.proargnames[i], json_build_object(
        'type', format_type(p.proargtypes[i - 1], null),
        'required', i <= p.pronargs - p.pronargdefaults,
        'default', nullif(trim(
          both '''' from split_part(pg_get_function_arg_default(p.oid, i), '::', 1)
        ), 'NULL')
      ) order by i), '{}')
      from generate_series(1, p.pronargs) as i
    ) as parameters,
    null as relation
  from pg_proc as p
  where p.pronamespace = 'public'::regnamespace
    and p.proname ~ '^page_' and p.proretset and p.prosecdef and p.provolatile = 's'
    and has_function_privilege(p.oid, 'execute')
  union all
  select
    c.relname,
    case c.relname when 'current_state' then 'items' else c.relname end,
    upper(left(c.relname, 1)) || replace(substr(c.relname, 2), '_', ' ') || '. A thousand rows',
    pg_get_viewdef(c.oid, true),
    a.parameters,
    format(
      'select * from (select r.*, %s as item_page from %I as r%s) as r',
      case
        when a.parameters -> 'asin' is null or to_regprocedure('shard_page(text)') is null
          then 'null'
        else 'shard_page(r.asin)'
      end,
      c.relname,
      case c.relname when 'current_state' then
        ' order by array_position(array[''critical'', ''high'', ''warning'', ''info''], r.severity)'
      end
    )
  from pg_class as c
  cross join lateral (
    select coalesce(json_object_agg(a.attname, json_build_object(
      'type', 'text', 'required', false, 'default', null
    ) order by a.attnum), '{}')
    from pg_attribute as a
    where a.attrelid = c.oid and a.attname in ('asin', 'marketplace', 'severity')
  ) as a (parameters)
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
    and has_table_privilege(c.oid, 'select')
    and not exists (
      select from pg_proc as p
      where p.pronamespace = 'public'::regnamespace and p.proname ~ '^page_'
    )
)

select p.*
from panels as p
-- What is looked at first, then the rest by name.
order by
  array_position(array['page_item_offers', 'page_item_why', 'page_operations_ingest'], p.name),
  p.name
