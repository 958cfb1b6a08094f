-- Bodies that SQS lets through and jsonb refuses, or that are simply too much. Each fails like any
-- other bad message: kept to the byte, the rest of its transaction unharmed.
begin;
select plan(38);
\ir ../fixtures.psql

create function pg_temp.sns(message text)
returns text
language sql immutable
return jsonb_build_object('Type', 'Notification', 'Message', message)::text;

create temporary table bodies (description text, body text) on commit drop;
insert into bodies values
('an escaped NUL', '{"NotificationType": "X", "Name": "a\u0000b"}'),
('an escaped NUL as a name', '{"NotificationType": "X", "\u0000": 1}'),
('a lone high surrogate', '{"NotificationType": "X", "Name": "\ud800"}'),
('a lone low surrogate', '{"NotificationType": "X", "Name": "\udc00"}'),
('two high surrogates', '{"NotificationType": "X", "Name": "\ud83d\ud83d"}'),
('a number beyond numeric', '{"NotificationType": "X", "Number": 1e400000}'),
('a price beyond numeric', replace(
  pg_temp.any_offer_changed('[{"ListingPrice": {"Amount": 12345}}]')::text, '12345', '1e400000'
)),
('60,000 brackets', repeat('[', 60000)),
('60,000 brackets, closed again', repeat('[', 60000) || repeat(']', 60000)),
('60,000 brackets in a member', format(
  '{"NotificationType": "X", "Nested": %s%s}', repeat('[', 60000), repeat(']', 60000)
)),
('60,000 objects in each other', repeat('{"a":', 60000) || '1' || repeat('}', 60000)),
('an escaped NUL in SNS', pg_temp.sns('{"NotificationType": "X", "Name": "\u0000"}')),
('a number beyond numeric in SNS', pg_temp.sns('{"NotificationType": "X", "Number": 1e400000}')),
('60,000 brackets in SNS', pg_temp.sns(repeat('[', 60000))),
('1 MiB of no JSON', repeat('x', 1024 * 1024)),
('1 MiB of quotes and backslashes', repeat('"\', 512 * 1024)),
('other than ASCII', 'Grüße, 値段 €5 ' || chr(127881) || e' \t\r\n "quoted" \\u0041'),
('control characters', (select string_agg(chr(i), '') from generate_series(1, 31) as i));

create temporary table failed on commit drop as
select b.*, r.*
from bodies as b
cross join lateral ingest_notification(b.description, b.body) as r;

select is(
  array[f.outcome, f.acknowledge::text, (f.error_message <> '')::text],
  array['failed', 'false', 'true'],
  f.description
)
from failed as f;
select ok(
  w.raw_message #>> '{}' = f.body and jsonb_typeof(w.raw_message) = 'string',
  f.description || ' is kept to the byte'
)
from failed as f
inner join worker_failures as w on f.description = w.message_id;

select is_empty('select * from worker_notifications', 'nothing is stored');
select is(r.outcome, 'processed', 'a sound message after them is processed')
from ingest_notification('sound', pg_temp.any_offer_changed('[]')::text) as r;

select * from finish();
rollback;
