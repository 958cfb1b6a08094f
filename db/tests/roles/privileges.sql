-- Who may do what: by the catalog, over everything there is, so that nothing new slips through.
begin;
select plan(18);

create temporary table functions on commit drop as
select p.oid::regprocedure as signature, p.proname, p.provolatile
from pg_proc as p
where p.pronamespace = 'public'::regnamespace;

create temporary table relations on commit drop as
select c.oid::regclass as name, c.relkind
from pg_class as c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'S');

create temporary table rights on commit drop as
select r.name as role, x.name as relation, p.name as privilege
from (
  values ('buybox_relay'), ('buybox_ui'), ('buybox_analyst'), ('buybox_page')
) as r (name)
cross join relations as x
cross join (
  values ('select'), ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')
) as p (name)
where x.relkind <> 'S' and has_table_privilege(r.name, x.name, p.name);

select results_eq(
  $$
  select r.rolname, r.rolcanlogin, r.rolsuper, r.rolbypassrls
  from pg_roles as r
  where r.rolname like 'buybox%'
  order by r.rolname
  $$,
  $$
  values
  ('buybox_alerter'::name, false, false, false),
  ('buybox_analyst', false, false, false),
  ('buybox_page', false, false, false),
  ('buybox_relay', false, false, false),
  ('buybox_ui', false, false, false)
  $$,
  'group roles without login'
);

select set_eq(
  $$
  select f.signature
  from functions as f
  where has_function_privilege('buybox_relay', f.signature, 'execute')
  $$,
  $$
  values
  ('ingest_notification(text,text)'::regprocedure),
  ('ingest_notification(text[],text[])'), ('ingest_order(text)')
  $$,
  'the relay executes its two functions and nothing else'
);
select is_empty(
  $$select * from rights where role = 'buybox_relay'$$, 'and has no table'
);

select results_eq(
  $$select relation, privilege from rights where role = 'buybox_ui'$$,
  $$values ('current_state'::regclass, 'select')$$,
  'the UI selects current_state and nothing else'
);
select is_empty(
  $$
  select f.signature
  from functions as f
  where has_function_privilege('buybox_ui', f.signature, 'execute')
  $$,
  'and executes nothing'
);

select set_eq(
  $$
  select f.signature
  from functions as f
  where has_function_privilege('buybox_page', f.signature, 'execute')
  $$,
  $$select f.signature from functions as f where starts_with(f.proname, 'page_')$$,
  'the page executes every page_ function and nothing else'
);
select is_empty(
  $$select * from rights where role = 'buybox_page'$$, 'and has no table'
);

select is_empty(
  $$
  select x.name
  from relations as x
  where x.relkind <> 'S'
    and x.name::text !~ 'yoyo|^_deployed$'
    and not has_table_privilege('buybox_analyst', x.name, 'select')
  $$,
  'the analyst selects every table and view'
);
select set_eq(
  $$
  select relation, privilege
  from rights
  where role = 'buybox_analyst' and privilege <> 'select'
  $$,
  $$
  values
  ('severity_rules'::regclass, 'insert'), ('severity_rules', 'update'), ('severity_rules', 'delete'),
  ('items', 'insert'), ('items', 'update'), ('items', 'delete'),
  ('alert_rules', 'insert'), ('alert_rules', 'update'), ('alert_rules', 'delete')
  $$,
  'and writes severity_rules, items and alert_rules alone'
);
select is_empty(
  $$
  select f.signature
  from functions as f
  where f.proname in (
    'calculate_severity', 'extract_offers', 'analyze_notification', 'explain_severity',
    'preview_severity', 'rerun_severity', 'rebuild_current_state', 'activate_severity_rules',
    'buy_box_share', 'retry_failure', 'retry_failures', 'offer_changes', 'buy_box_changes',
    'competitors', 'price_to_win', 'explain_item', 'roll_up_days'
  )
  and not has_function_privilege('buybox_analyst', f.signature, 'execute')
  $$,
  'the analyst executes every function made for him'
);
select is_empty(
  $$
  select f.signature
  from functions as f
  where f.provolatile = 'v'
    and f.proname not in (
      'rerun_severity', 'rebuild_current_state', 'activate_severity_rules', 'retry_failure',
      'retry_failures', 'roll_up_days', 'retry_deliveries'
    )
    and has_function_privilege('buybox_analyst', f.signature, 'execute')
  $$,
  'and no other that writes'
);

select is_empty(
  $$
  select r.name, x.name
  from (
    values ('buybox_relay'), ('buybox_ui'), ('buybox_analyst'), ('buybox_page')
  ) as r (name)
  cross join relations as x
  where x.relkind = 'S' and has_sequence_privilege(r.name, x.name, 'usage, select, update')
  $$,
  'nobody has a sequence'
);
select is_empty(
  $$
  select x.name
  from relations as x
  where x.relkind <> 'S'
    and has_table_privilege('public', x.name, 'select, insert, update, delete, truncate')
  $$,
  'everybody has nothing'
);
select ok(
  has_schema_privilege(r.name, 'public', 'usage')
  and not has_schema_privilege(r.name, 'public', 'create'),
  r.name || ' uses the schema and creates nothing in it'
)
from (
  values ('buybox_relay'), ('buybox_ui'), ('buybox_analyst'), ('buybox_page')
) as r (name);

select ok(
  not pg_has_role('buybox_ui', current_user, 'usage')
  and not pg_has_role('buybox_relay', current_user, 'usage')
  and not pg_has_role('buybox_analyst', current_user, 'usage')
  and not pg_has_role('buybox_page', current_user, 'usage'),
  'none of them is the owner in disguise'
);

select * from finish();
rollback;
