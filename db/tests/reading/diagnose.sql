-- Why a body cannot be read, in one line that a person can act on.
begin;
select plan(28);
\ir ../fixtures.psql

create temporary table bodies (description text, body text, code text, complaint text)
on commit drop;
insert into bodies values
('what can be read', pg_temp.any_offer_changed('[]')::text, 'OC003', null),
(
  'a member', pg_temp.any_offer_changed('[{}, {"ListingPrice": {"Amount": "abc"}}]')::text, 'OC003',
  'Payload.AnyOfferChangedNotification.Offers[1].ListingPrice.Amount is "abc", not a decimal number'
  ' of zero or more'
),
(
  'a member in camelCase, by the name of its type',
  jsonb_set(pg_temp.pricing_health(1, 1), '{payload,merchantOffer,landedPrice,amount}', '-3')::text,
  'OC003', 'Payload.MerchantOffer.LandedPrice.Amount is -3, not a decimal number of zero or more'
),
(
  'in an SNS envelope',
  jsonb_build_object(
    'Type', 'Notification', 'Message', '{"NotificationType": {}, "Payload": {}}'
  )::text,
  'OC003', 'NotificationType is {}, not a string'
),
(
  'the top before the Payload',
  '{"NotificationType": "ANY_OFFER_CHANGED", "EventTime": "now", "Payload": 5}', 'OC003',
  'EventTime is "now", not an ISO 8601 time such as 2026-01-31T09:30:00Z'
),
(
  'a Payload by its type: this one has no such member',
  '{"NotificationType": "PRICING_HEALTH", "Payload": {"AnyOfferChangedNotification": 5}}', 'OC003',
  null
),
(
  'a Payload of any other type', '{"NotificationType": "X", "Payload": {"ASIN": {}}}', 'OC003',
  'Payload.ASIN is {}, not a string'
),
(
  'no JSON', 'hello', '22P02',
  'the body is no JSON that can be kept: Token "hello" is invalid., at line 1: hello'
),
(
  'an envelope around no JSON', '{"Type": "Notification", "Message": "hello"}', '22P02',
  'the SNS envelope''s Message is no JSON that can be kept: Token "hello" is invalid., at line 1:'
  ' hello'
),
(
  'a number too large', '{"a": 1e400000}', '22003',
  'the body is no JSON that can be kept: a number too large, at 1e400000'
),
(
  'an envelope that holds the wrong thing', '{"detail-type": "X", "detail": [1]}', 'OC003',
  'the EventBridge envelope''s detail is [1], not an object'
);

select is(d.complaint, b.complaint, b.description)
from bodies as b
cross join lateral diagnose(b.body) as d;
select is(d.code, b.code, b.description || ': its SQLSTATE')
from bodies as b
cross join lateral diagnose(b.body) as d
where b.complaint is not null;

select alike(
  (diagnose('{"NotificationType": "\u0000"}')).complaint,
  'the body is no JSON that can be kept: %0000%, at line 1: %', 'what no text holds'
);
select alike(
  (diagnose(repeat('[', 60000))).complaint, '%nested too deeply, at [[[[%', 'nested too deeply'
);

-- What is recorded of it: one line of at most 300 characters, whatever the message holds.
create temporary table returned on commit drop as
select
  h.description,
  r.*
from (
  values
  ('control characters', E'{"NotificationType": "X",\n\t"EventTime": \r\n yester\x01day}'),
  (
    'control characters in a string',
    jsonb_build_object(
      'NotificationType', 'X', 'EventTime', E'a\nb\tc' || chr(7) || chr(127) || chr(155)
    )::text
  ),
  ('long', jsonb_build_object('NotificationType', 'X', 'EventTime', repeat('ä', 5000))::text),
  ('long, no JSON', repeat('x', 5000)),
  (
    'long, two currencies',
    pg_temp.any_offer_changed(jsonb_build_array(
      jsonb_build_object('ListingPrice', jsonb_build_object(
        'Amount', 1, 'CurrencyCode', repeat('A', 5000)
      )),
      jsonb_build_object('ListingPrice', jsonb_build_object('Amount', 1, 'CurrencyCode', E'B\nB'))
    ))::text
  )
) as h (description, body)
cross join lateral ingest_notification(h.description, h.body) as r;

select ok(
  r.outcome = 'failed' and length(r.error_message) between 20 and 300
  and r.error_message !~ '[[:cntrl:]]',
  r.description || ': ' || left(r.error_message, 60)
)
from returned as r;
select results_eq(
  'select w.error_message from worker_failures as w order by w.message_id',
  'select r.error_message from returned as r order by r.description',
  'and recorded as returned'
);

select * from finish();
rollback;
