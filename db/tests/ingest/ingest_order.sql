-- The lock number is read off the text: one for an ASIN, however it is spelt and wrapped, and any
-- text has one.
begin;
select plan(48);
\ir ../fixtures.psql

create function pg_temp.sns(message text)
returns text
language sql immutable
return jsonb_build_object('Type', 'Notification', 'Message', message)::text;

create function pg_temp.event_bridge(detail text)
returns text
language sql immutable
return jsonb_build_object('detail-type', 'X', 'source', 'aws', 'detail', detail::jsonb)::text;

create temporary table bodies (description text, body text) on commit drop;
insert into bodies values
('PascalCase', pg_temp.any_offer_changed('[{}]')::text),
('PascalCase, pretty', jsonb_pretty(pg_temp.any_offer_changed('[{}]'))),
('PascalCase without blanks', replace(pg_temp.any_offer_changed('[{}]')::text, ' ', '')),
('blanks around the colon', '{"ASIN"  :  "B0TEST0001"}'),
('a tab and a new line', e'{"ASIN":\t\n"B0TEST0001"}'),
('another condition, another marketplace, other offers', pg_temp.any_offer_changed(
  jsonb_build_array(pg_temp.offer('A1RIVAL0000001', 1)), '{"NumberOfOffers": []}',
  marketplace => 'APJ6JRA9NG5V4', item_condition => 'used', event_time => null
)::text),
('camelCase', pg_temp.pricing_health(12, 10)::text),
('camelCase, pretty', jsonb_pretty(pg_temp.pricing_health(12, 10))),
('the original''s test messages', '{"notificationType": "ANY_OFFER_CHANGED", "payload": {
  "anyOfferChangedNotification": {"asin": "B0TEST0001", "offerChangeSummary": {"offers": []}}
}}'),
('payload.offerChangeSummary.asin', '{"notificationType": "ANY_OFFER_CHANGED", "payload": {
  "offerChangeSummary": {"asin": "B0TEST0001"}
}}'),
('Payload.ASIN', '{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {"ASIN": "B0TEST0001"}}'),
('business offers', pg_temp.any_offer_changed('[]')::text),
('an ASIN after one that is null', '{"OfferChangeTrigger": {"ASIN": null}, "ASIN": "B0TEST0001"}'),
('an ASIN after a text of that name', '{"Title": "ASIN", "ASIN": "B0TEST0001"}'),
('an ASIN with blanks around it', '{"ASIN": " B0TEST0001 "}');
insert into bodies
select e.description, e.body
from bodies as b
cross join lateral (
  values
  (b.description || ', in SNS', pg_temp.sns(b.body)),
  (b.description || ', in EventBridge', pg_temp.event_bridge(b.body)),
  (b.description || ', in EventBridge in SNS', pg_temp.sns(pg_temp.event_bridge(b.body))),
  (b.description || ', in SNS in EventBridge', pg_temp.event_bridge(pg_temp.sns(b.body)))
) as e (description, body)
where b.description in ('PascalCase', 'PascalCase, pretty', 'camelCase');

select is(
  ingest_order(b.body), ingest_order('{"ASIN": "B0TEST0001"}'), b.description
)
from bodies as b;
select isnt(
  ingest_order(pg_temp.any_offer_changed('[]')::text),
  ingest_order(pg_temp.any_offer_changed('[]', asin => 'B0TEST0002')::text),
  'another ASIN has another number'
);

-- Whatever it is given: never null, never an error, and different texts can pass each other.
select isnt(ingest_order(t.body), null, t.description || ' has a number')
from (
  values
  ('nothing', null), ('an empty text', ''), ('no JSON', 'hello'), ('a name alone', '"ASIN"'),
  ('an ASIN that is null', '{"ASIN": null}'), ('an ASIN cut off', '{"ASIN": "B0'),
  ('an empty ASIN', '{"ASIN": ""}'), ('a backslash', '\'), ('escapes', '\"ASIN\":\"'),
  ('60,000 brackets', repeat('[', 60000)), ('an escaped NUL', '{"ASIN": "\u0000"}'),
  ('1 MiB', repeat('x', 1024 * 1024)), ('1 MiB of backslashes', repeat('\', 1024 * 1024)),
  ('1 MiB of beginnings', repeat('\"ASIN\":', 1024 * 128)),
  ('an ASIN of 9,000 characters', format('{"ASIN": "%s"}', repeat('A', 9000)))
) as t (description, body);
select isnt(ingest_order('hello'), ingest_order('world'), 'without an ASIN the text decides');

select volatility_is('ingest_order', array['text'], 'immutable', 'the text alone decides');
select function_returns('ingest_order', array['text'], 'bigint', 'the number is a lock''s');

-- The call takes that lock, in the transaction.
select is(r.outcome, 'processed', 'an ingested message')
from ingest_notification('m', pg_temp.any_offer_changed('[]')::text) as r;
select is(
  count(*), 1::bigint, 'holds the lock of its number until the transaction ends'
)
from pg_locks as l
where l.locktype = 'advisory' and l.pid = pg_backend_pid() and l.granted and l.objsubid = 1
  and (l.classid::bigint << 32 | l.objid::bigint)
  = ingest_order('{"ASIN": "B0TEST0001"}');

select * from finish();
rollback;
