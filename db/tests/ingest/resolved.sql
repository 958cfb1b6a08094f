-- A message that failed for a reason which went away: when it, or its body under another id, is
-- stored or found stored, its failure is resolved. Until then it stays open.
begin;
select plan(31);
\ir ../fixtures.psql
set local timezone = 'UTC';

-- Stands for whatever an owner may hang on the table: while it is there every message fails.
create function pg_temp.refuse()
returns trigger
language plpgsql
as $$
begin
  raise exception 'refused by the test';
end
$$;
create trigger refuse before insert on worker_notifications
for each row execute function pg_temp.refuse();

create function pg_temp.body_of(name text)
returns text
language sql immutable
return jsonb_build_object(
  'NotificationType', 'ANY_OFFER_CHANGED', 'Payload', jsonb_build_object('ASIN', name)
)::text;

select is(
  array[r.outcome, r.error_type, r.error_message],
  array['failed', 'raise_exception', 'refused by the test'],
  'an unexpected error is the message''s failure: ' || t.message_id
)
from (
  values
  ('same id', 'one'), ('other id', 'two'), ('two ids 1', 'three'), ('two ids 2', 'three'),
  ('never again', 'four'), ('overtaken', 'six')
) as t (message_id, name)
cross join lateral ingest_notification(t.message_id, pg_temp.body_of(t.name)) as r;
update worker_failures
set first_failed_at = now() - interval '1 hour', last_failed_at = now() - interval '1 hour';
drop trigger refuse on worker_notifications;

create function pg_temp.open_failures()
returns text[]
language sql stable
return (select array_agg(w.message_id order by w.message_id) from worker_failures as w
  where w.resolved_at is null);

select is(
  pg_temp.open_failures(),
  array['never again', 'other id', 'overtaken', 'same id', 'two ids 1', 'two ids 2'],
  'all are open'
);

select is(r.outcome, 'processed', 'the message itself, again')
from ingest_notification('same id', pg_temp.body_of('one')) as r;
select is(
  pg_temp.open_failures(),
  array['never again', 'other id', 'overtaken', 'two ids 1', 'two ids 2'],
  'resolves its failure'
);
select ok(w.resolved_at >= now(), 'now') from worker_failures as w where w.message_id = 'same id';
select is(w.failure_count, 1, 'and counts no other')
from worker_failures as w
where w.message_id = 'same id';

select is(r.outcome, 'processed', 'the body under another id, as after a redrive')
from ingest_notification('redriven', pg_temp.body_of('two')) as r;
select is(
  pg_temp.open_failures(),
  array['never again', 'overtaken', 'two ids 1', 'two ids 2'],
  'resolves the failure'
);

select is(r.outcome, 'processed', 'one of two ids with the same body')
from ingest_notification('two ids 1', pg_temp.body_of('three')) as r;
select is(pg_temp.open_failures(), array['never again', 'overtaken'], 'resolves both');

select is(r.outcome, 'processed', 'a message that never failed')
from ingest_notification('newer', pg_temp.any_offer_changed(
  '[]', asin => 'six', event_time => to_jsonb(now()) #>> '{}'
)::text) as r;
select is(r.outcome, 'stale', 'has overtaken one that did')
from ingest_notification('overtaken', pg_temp.body_of('six')) as r;
select is(pg_temp.open_failures(), array['never again'], 'whose failure is resolved all the same');

-- Without a time of its own a message is from when it first reached us: when it first failed.
select is(
  n.event_time, now() - interval '1 hour', n.message_id || ': event_time is the first failure''s'
)
from worker_notifications as n
where n.message_id in ('same id', 'redriven')
order by n.message_id;
select is(n.received_at, now() - interval '1 hour', 'and so is received_at')
from worker_notifications as n
where n.message_id = 'same id';
select is(c.event_time, now() - interval '1 hour', 'and what orders the state')
from current_state as c
where c.asin = 'one';

-- Found stored: another body brought the notification in while this message lay in worker_failures.
select is(r.outcome, 'processed', 'a message is stored')
from ingest_notification('stored', pg_temp.body_of('five')) as r;
insert into worker_failures (message_id, raw_message, dedupe_hash, error_type)
select
  t.message_id,
  to_jsonb(pg_temp.body_of('five')) as raw_message,
  encode(sha256(convert_to(pg_temp.body_of('five'), 'UTF8')), 'hex') as dedupe_hash,
  'raise_exception' as error_type
from (values ('stored'), ('stored, other id')) as t (message_id);
select is(r.outcome, 'duplicate', 'a failure of it is brought again')
from ingest_notification('stored', pg_temp.body_of('five')) as r;
select is(pg_temp.open_failures(), array['never again'], 'a failure found stored is resolved');

-- A message id that comes with another body.
select is(r.outcome, 'failed', 'a message that was resolved fails with another body')
from ingest_notification('other id', 'no JSON') as r;
select is(pg_temp.open_failures(), array['never again', 'other id'], 'and is open again');
select is(r.outcome, 'processed', 'and is stored with a third')
from ingest_notification('other id', pg_temp.body_of('seven')) as r;
select is(pg_temp.open_failures(), array['never again'], 'which resolves it');

-- A failure once resolved does not open again by a duplicate.
create temporary table before on commit drop as select * from pg_temp.every_row();
select is(r.outcome, 'duplicate', 'the resolved message once more')
from ingest_notification('same id', pg_temp.body_of('one')) as r;
select set_eq('select * from pg_temp.every_row()', 'select * from before', 'writes nothing');

select * from finish();
rollback;
