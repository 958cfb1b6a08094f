-- Habits that keep functions understandable and safe, enforced where they can be seen: in the
-- catalog.
begin;
select plan(21);

create temporary table functions on commit drop as
select
  p.oid::regprocedure as signature,
  p.*,
  obj_description(p.oid, 'pg_proc') as comment,
  (
    select substr(c, length('search_path=') + 1)
    from unnest(p.proconfig) as c
    where c like 'search_path=%'
  ) as search_path
from pg_proc as p
where p.pronamespace = 'public'::regnamespace
  and not exists (
    select from pg_depend as d
    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  );

select cmp_ok(count(*), '>', 5::bigint, 'there are functions') from functions;
select is_empty(
  $$select signature from functions where btrim(coalesce(comment, '')) = ''$$,
  'every function says what it does'
);
select is_empty(
  $$select signature from functions where prosecdef and search_path is null$$,
  'security definer functions have a search_path of their own'
);
select is_empty(
  $$select signature from functions where prosqlbody is null and search_path is null$$,
  'and so have those whose names are looked up when they run'
);
select is_empty(
  $$select signature from functions where search_path !~ ', pg_temp$'$$,
  'in which what a caller made himself comes last'
);
select is_empty(
  $$select signature from functions where search_path !~ '^pg_catalog, '$$,
  'and what Postgres brings first'
);
select is_empty(
  $$select signature from functions where provolatile = 'v' and proparallel <> 'u'$$,
  'what writes does not run in parallel'
);
select is_empty(
  $$
  select signature
  from functions
  where proparallel = 's' and prosrc ~* '\mexception\s+when\M'
  $$,
  'and neither does what needs a subtransaction'
);
select is_empty(
  $$
  select signature
  from functions
  where provolatile <> 'v' and prosrc ~* '\m(insert into|update \w+ |delete from|pg_notify)\M'
  $$,
  'what writes says that it is volatile'
);
select is_empty(
  $$
  select signature
  from functions
  where (provolatile = 'v' or prosecdef) and has_function_privilege('public', signature, 'execute')
  $$,
  'nobody may write without being granted it'
);
select is_empty(
  $$select signature from functions where pg_get_userbyid(proowner) <> current_user$$,
  'all belong to the owner of the tables'
);
select is_empty(
  $$
  select signature
  from functions
  where prosecdef and not starts_with(proname, 'page_') and proname not in (
    'ingest_notification', 'rerun_severity', 'rebuild_current_state', 'activate_severity_rules',
    'retry_failure', 'retry_failures', 'prune_notifications', 'roll_up_days',
    'claim_alerts', 'finish_alert', 'retry_deliveries'
  )
  $$,
  'the owner''s rights are lent only to calls that users make'
);

select is_empty(
  $$
  select signature
  from functions
  where starts_with(proname, 'page_')
    and not (prosecdef and provolatile = 's' and proretset and comment ~ '^[^.]+\. ')
  $$,
  'what the page shows is read with the owner''s rights, in rows, under a title and a help'
);

select volatility_is(f.name, f.arguments::text[], f.volatility, f.name || ' is ' || f.volatility)
from (
  values
  ('ingest_notification', '{text,text}', 'volatile'),
  ('ingest_order', '{text}', 'immutable'),
  ('calculate_severity', '{numeric,numeric,integer,integer,boolean,text}', 'stable'),
  ('extract_offers', '{jsonb}', 'stable'),
  ('analyze_notification', '{jsonb}', 'stable')
) as f (name, arguments, volatility);

select is(
  pg_get_function_arguments('calculate_severity'::regproc),
  'your_price numeric, market_low numeric, your_position integer, total_offers integer, '
  'buy_box_winner boolean, rules text DEFAULT NULL::text',
  'calculate_severity has the documented parameters'
);
select is(
  (
    select p.proargnames[1:2]
    from pg_proc as p
    where p.oid = 'ingest_notification(text,text)'::regprocedure
  ),
  array['message_id', 'body'],
  'ingest_notification has the documented parameters'
);
select is(
  (select p.proargnames[1:1] from pg_proc as p where p.oid = 'ingest_order'::regproc),
  array['body'],
  'ingest_order has the documented parameter'
);

select * from finish();
rollback;
