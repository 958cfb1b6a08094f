-- What worker_failures keeps of a batch: a row a message, all occurrences counted, the last told.
begin;
select plan(12);
set local application_name = 'worker-7';

create function pg_temp.bad(message_ids text array)
returns incoming array
language sql
as $$
  select array_agg(
    row(
      m.position, m.message_id, 'hash of ' || m.message_id, null,
      case when m.message_id <> 'good' then 'failed' end,
      null, null, null, null, 'trace ' || m.position, null, null, 'reason', 'why ' || m.position,
      'context'
    )::incoming
    order by m.position
  )
  from unnest(message_ids) with ordinality as m (message_id, position)
$$;
create function pg_temp.failures()
returns table (
  message_id text, body text, error_message text, failure_count integer, trace_id text
)
language sql stable
as $$
  select w.message_id, w.raw_message #>> '{}', w.error_message, w.failure_count, w.trace_id
  from worker_failures as w
  order by w.message_id collate "C"
$$;

select lives_ok(
  $$select record_failures(pg_temp.bad('{a,good,b,a}'), '{1,2,3,4}')$$, 'a batch of four'
);
select results_eq(
  'select * from pg_temp.failures()',
  $$values ('a', '4', 'why 4', 2, 'trace 4'), ('b', '3', 'why 3', 1, 'trace 3')$$,
  'a row a message: the last body and reason, all counted'
);
select results_eq(
  $$
  select w.dedupe_hash, w.error_type, w.stack_trace, w.worker_id, w.resolved_at is null
  from worker_failures as w
  order by w.dedupe_hash
  $$,
  $$
  values
  ('hash of a', 'reason', 'context', 'worker-7', true),
  ('hash of b', 'reason', 'context', 'worker-7', true)
  $$,
  'and what is known of it'
);

update worker_failures set
  first_failed_at = '2024-01-01', last_failed_at = '2024-01-01', resolved_at = '2024-01-02'
where failure_count > 0;
select lives_ok(
  $$select record_failures(pg_temp.bad('{a,a,c}'), '{5,"{\"x\": 1}",7}')$$, 'a further batch'
);
select results_eq(
  'select * from pg_temp.failures()',
  $$
  values
  ('a', '{"x": 1}', 'why 2', 4, 'trace 2'),
  ('b', '3', 'why 3', 1, 'trace 3'),
  ('c', '7', 'why 3', 1, 'trace 3')
  $$,
  'further failures of a message are counted on its row'
);
select results_eq(
  $$
  select
    w.message_id, w.first_failed_at = '2024-01-01', w.last_failed_at = now(), w.resolved_at is null
  from worker_failures as w
  where w.message_id in ('a', 'b')
  order by w.message_id
  $$,
  $$values ('a', true, true, true), ('b', true, false, false)$$,
  'it is open again, since when is kept, and others are left alone'
);
select is(jsonb_typeof(w.raw_message), 'string', 'a body that is JSON is kept as text')
from worker_failures as w
where w.message_id = 'a';

-- No index holds an id of any length.
select lives_ok(
  $$
  select record_failures(
    pg_temp.bad(array[repeat('x', 9000), repeat('x', 9000), repeat('x', 9001)]), '{8,9,10}'
  )
  $$,
  'an id too long for an index is no obstacle'
);
select results_eq(
  $$
  select length(w.message_id), w.failure_count
  from worker_failures as w
  where w.message_id like 'x%'
  $$,
  'values (500, 3)',
  'it is cut to 500 characters'
);

select lives_ok($$select record_failures(pg_temp.bad('{good,good}'), '{1,2}')$$, 'no failure');
select is(count(*), 4::bigint, 'and so no row') from worker_failures;

create temporary table returned on commit drop as
select r.*
from ingest_notification(
  array['m-1', 'm-2'],
  array['{"Type": "Notification", "Message": "no json"}', '{"NotificationType": "X"}']
) as r;
select alike(w.stack_trace, '%open_envelope%', 'stack_trace leads to what raised')
from worker_failures as w
where w.message_id = 'm-1';

select * from finish();
rollback;
