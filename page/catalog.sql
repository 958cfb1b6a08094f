-- The panels: stable, security definer functions page_* that return rows and that we may execute.
-- Of each parameter: its type, whether it has to be given, and what a form shows as its default.
select
  p.proname as name,
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
  ) as parameters
from pg_proc as p
where p.pronamespace = 'public'::regnamespace
  and p.proname ~ '^page_' and p.proretset and p.prosecdef and p.provolatile = 's'
  and has_function_privilege(p.oid, 'execute')
-- What is looked at first, then the rest by name.
order by
  array_position(array['page_item_offers', 'page_item_why', 'page_operations_ingest'], p.proname),
  p.proname
