-- The tables as documented: the original's, and what is added to them.
begin;
select plan(20);

create temporary table expected (
  of_table name, of_column name, type text, not_null boolean, default_value text, original boolean
) on commit drop;
insert into expected values
('worker_notifications', 'id', 'uuid', true, 'gen_random_uuid()', true),
('worker_notifications', 'message_id', 'text', true, null, true),
('worker_notifications', 'dedupe_hash', 'text', true, null, true),
('worker_notifications', 'asin', 'text', false, null, true),
('worker_notifications', 'marketplace', 'text', false, '''A1F83G8C2ARO7P''::text', true),
('worker_notifications', 'raw_notification', 'jsonb', true, null, true),
('worker_notifications', 'notification_type', 'text', false, null, true),
('worker_notifications', 'event_time', 'timestamp with time zone', false, null, true),
('worker_notifications', 'severity', 'text', false, null, true),
('worker_notifications', 'status', 'text', false, '''new''::text', true),
('worker_notifications', 'processed_at', 'timestamp with time zone', false, null, true),
('worker_notifications', 'received_at', 'timestamp with time zone', false, 'now()', true),
('worker_notifications', 'trace_id', 'text', false, null, true),
('worker_notifications', 'worker_id', 'text', false, null, true),
('worker_notifications', 'created_at', 'timestamp with time zone', false, 'now()', true),
('worker_notifications', 'item_condition', 'text', false, null, false),
('worker_notifications', 'amazon_notification_id', 'text', false, null, false),
('worker_notifications', 'publish_time', 'timestamp with time zone', false, null, false),

('current_state', 'asin', 'text', true, null, true),
('current_state', 'marketplace', 'text', true, '''A1F83G8C2ARO7P''::text', true),
('current_state', 'your_price', 'numeric(10,2)', false, null, true),
('current_state', 'market_low', 'numeric(10,2)', false, null, true),
('current_state', 'prime_low', 'numeric(10,2)', false, null, true),
('current_state', 'your_position', 'integer', false, null, true),
('current_state', 'total_offers', 'integer', false, null, true),
('current_state', 'buy_box_winner', 'boolean', false, 'false', true),
('current_state', 'severity', 'text', false, null, true),
('current_state', 'last_notification_id', 'uuid', false, null, true),
('current_state', 'last_updated', 'timestamp with time zone', false, 'now()', true),
('current_state', 'item_condition', 'text', true, '''new''::text', false),
('current_state', 'event_time', 'timestamp with time zone', false, null, false),
('current_state', 'currency', 'text', false, null, false),
('current_state', 'buy_box_price', 'numeric(10,2)', false, null, false),
('current_state', 'pricing_issue', 'text', false, null, false),
('current_state', 'pricing_issue_time', 'timestamp with time zone', false, null, false),

('worker_failures', 'message_id', 'text', false, null, true),
('worker_failures', 'raw_message', 'jsonb', false, null, true),
('worker_failures', 'error_type', 'text', true, null, true),
('worker_failures', 'error_message', 'text', false, null, true),
('worker_failures', 'stack_trace', 'text', false, null, true),
('worker_failures', 'failure_count', 'integer', false, '1', true),
('worker_failures', 'dedupe_hash', 'text', false, null, false),
('worker_failures', 'trace_id', 'text', false, null, false),
('worker_failures', 'worker_id', 'text', false, null, false),
('worker_failures', 'resolved_at', 'timestamp with time zone', false, null, false);

create temporary table actual on commit drop as
select
  t.relname as of_table,
  a.attname as of_column,
  format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull as not_null,
  pg_get_expr(d.adbin, d.adrelid) as default_value,
  a.attidentity <> '' as is_identity,
  a.attnum in (
    select i.indkey[0]
    from pg_index as i
    where i.indrelid = t.oid and i.indisunique and i.indnkeyatts = 1
  ) as is_unique
from pg_class as t
inner join pg_attribute as a on t.oid = a.attrelid
left join pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
where t.relnamespace = 'public'::regnamespace and t.relkind = 'r' and a.attnum > 0
  and not a.attisdropped;

select set_eq(
  format(
    $$
    select a.of_column, a.type, a.not_null, a.default_value
    from actual as a
    where a.of_table = %1$L
      and a.of_column in (select e.of_column from expected as e where e.of_table = %1$L)
    $$,
    t.name
  ),
  format(
    $$
    select e.of_column, e.type, e.not_null, e.default_value
    from expected as e
    where e.of_table = %L
    $$,
    t.name
  ),
  t.name || ' has the documented columns, types and defaults'
)
from (values ('worker_notifications'), ('current_state'), ('worker_failures')) as t (name);

select set_eq(
  $$
  select a.of_column, a.type
  from actual as a
  where a.of_table = 'worker_failures'
    and a.of_column in ('id', 'first_failed_at', 'last_failed_at')
    and a.default_value is not null
  $$,
  $$
  values
  ('id'::name, 'uuid'),
  ('first_failed_at', 'timestamp with time zone'),
  ('last_failed_at', 'timestamp with time zone')
  $$,
  'a failure has an id and its times by default'
);

select is_empty(
  $$
  select a.of_table, a.of_column
  from actual as a
  where a.of_table in ('worker_notifications', 'current_state', 'worker_failures')
    and not exists (
      select from expected as e
      where e.of_table = a.of_table and e.of_column = a.of_column and e.original
    )
    and a.of_column not in ('id', 'first_failed_at', 'last_failed_at')
    and (a.not_null and a.default_value is null or a.is_unique or a.is_identity)
  $$,
  'an added column is nullable or has a default, and is neither unique nor identity'
);

select col_is_pk('worker_notifications', 'id', 'the key of worker_notifications');
select col_is_unique('worker_notifications', 'message_id', 'a message is stored once');
select col_is_unique('worker_notifications', 'dedupe_hash', 'a body is stored once');
select col_is_pk(
  'current_state', array['asin', 'marketplace', 'item_condition'],
  'the key of current_state: new and used apart'
);
select fk_ok(
  'current_state', 'last_notification_id', 'worker_notifications', 'id',
  'the state points to a notification'
);
select col_is_pk('worker_failures', 'id', 'the key of worker_failures');
select col_is_unique('worker_failures', 'message_id', 'one row a message');
select col_is_pk('severity_rules', 'name', 'the key of severity_rules');
select col_is_pk('own_sellers', 'seller_id', 'the key of own_sellers');
select col_type_is('own_sellers', 'seller_id', 'text', 'a seller''s id is text');
select col_type_is('own_sellers', 'name', 'text', 'and so is his name');

select results_eq(
  $$
  select
    s.name, s.active, s.success_max_position, s.critical_gap_pct, s.critical_min_offers,
    s.critical_after_position, s.high_gap_pct, s.high_min_offers, s.warning_gap_pct,
    s.warning_min_offers
  from severity_rules as s
  $$,
  $$values ('default', true, 3, 50::numeric, 10, 10, 20::numeric, 5, 10::numeric, 3)$$,
  'severity_rules holds the original''s numbers, and they are active'
);
select results_eq(
  'select seller_id from own_sellers', array['A2D8NG39VURSL3'],
  'without AMAZON_SELLER_ID the original''s seller is yours'
);

-- A compressed raw_notification says which method it took; 'l' is lz4.
select is(
  a.attcompression::text,
  case when 'lz4' = any(s.enumvals) then 'l' else '' end,
  'raw_notification is compressed by lz4 where the server can'
)
from pg_settings as s
cross join pg_attribute as a
where s.name = 'default_toast_compression'
  and a.attrelid = 'worker_notifications'::regclass and a.attname = 'raw_notification';

select is_empty(
  $$
  select t.relname
  from pg_class as t
  where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'v', 'm')
    and t.relname not like '%yoyo%'
    and obj_description(t.oid, 'pg_class') is null
  $$,
  'every table and view says what it is'
);

select * from finish();
rollback;
