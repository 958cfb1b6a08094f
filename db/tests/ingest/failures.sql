-- Every way a message can be bad: each fails alone, is kept to the byte, and says what was wrong
-- and where. The patterns are what a person needs to read in the message.
begin;
select plan(145);
\ir ../fixtures.psql

-- A sound notification, of which each case spoils the member at a path; ~ stands for what Payload
-- wraps.
create function pg_temp.spoilt(path text, value text, base jsonb default null)
returns text
language sql
as $$
  select jsonb_set(
    coalesce(base, pg_temp.any_offer_changed(
      jsonb_build_array(
        pg_temp.offer('A1RIVAL0000001', 9),
        pg_temp.offer('A1OWNSELLER001', 10, '{
          "Shipping": {"Amount": 1, "CurrencyCode": "GBP"}, "Points": {"PointsNumber": 5},
          "PrimeInformation": {"IsOfferPrime": true}, "IsBuyBoxWinner": true
        }')
      ),
      '{"NumberOfOffers": [{"Condition": "new", "OfferCount": 2}],
        "BuyBoxPrices": [{"Condition": "new", "LandedPrice": {"Amount": 10}}]}'
    ) || '{"NotificationMetadata": {}}'),
    string_to_array(replace(path, '~', 'Payload.AnyOfferChangedNotification'), '.'),
    value::jsonb
  )::text
$$;

create temporary table cases (
  description text, body text, error_type text, message_pattern text
) on commit drop;

insert into cases values
('no text', '', 'invalid_text_representation', 'JSON'),
('blanks', '   ', 'invalid_text_representation', 'JSON'),
('no JSON', 'hello', 'invalid_text_representation', 'JSON.*hello'),
('cut off', '{"NotificationType": "X"', 'invalid_text_representation', 'JSON'),
('single quotes', '{''NotificationType'': ''X''}', 'invalid_text_representation', 'JSON'),
('JSON''s null', 'null', 'OC001', 'no JSON object.*null'),
('a number', '42', 'OC001', 'no JSON object.*number'),
('a string', '"text"', 'OC001', 'no JSON object.*string'),
('an array', '[{"NotificationType": "X"}]', 'OC001', 'no JSON object.*array'),
('an array of an envelope''s names', '["detail-type", "detail"]', 'OC001', 'no JSON object'),
('true', 'true', 'OC001', 'no JSON object.*boolean'),
(
  'SNS around no JSON', '{"Type": "Notification", "Message": "hello"}',
  'invalid_text_representation', 'Message.*JSON'
),
(
  'SNS around an array', '{"Type": "Notification", "Message": "[1]"}', 'OC001',
  'no JSON object.*array'
),
(
  'SNS around an object that is no text',
  '{"Type": "Notification", "Message": {"NotificationType": "X"}}', 'OC003', 'SNS.*Message'
),
('SNS around null', '{"Type": "Notification", "Message": null}', 'OC001', 'no JSON object'),
(
  'EventBridge around a text', '{"detail-type": "X", "detail": "text"}', 'OC003',
  'EventBridge.*detail'
),
(
  'EventBridge around an array', '{"detail-type": "X", "detail": []}', 'OC003',
  'EventBridge.*detail'
),
('an empty object', '{}', 'OC002', 'NotificationType'),
('no type', '{"Payload": {"ASIN": "B0TEST0001"}}', 'OC002', 'NotificationType'),
('a type that is null', '{"NotificationType": null}', 'OC002', 'NotificationType'),
('a blank type', '{"NotificationType": " "}', 'OC002', 'NotificationType'),
(
  'SNS around no type', '{"Type": "Notification", "Message": "{}"}', 'OC002', 'NotificationType'
),
(
  'SNS''s other messages',
  '{"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe"}', 'OC002',
  'NotificationType'
);

-- A member of the wrong JSON type.
insert into cases
select
  format('%s: %s', t.path, t.value) as description,
  pg_temp.spoilt(t.path, t.value) as body,
  'OC003' as error_type,
  t.message_pattern
from (
  values
  ('NotificationType', '[]', 'NotificationType is \[\]'),
  ('NotificationType', '{}', 'NotificationType is {}'),
  ('EventTime', '1675157400', 'EventTime is 1675157400'),
  ('EventTime', '{}', 'EventTime is {}'),
  ('NotificationMetadata', '"text"', 'NotificationMetadata is "text"'),
  ('NotificationMetadata.PublishTime', '1675157400', 'PublishTime is 1675157400'),
  ('NotificationMetadata.NotificationId', '[]', 'NotificationId is \[\]'),
  ('Payload', '[]', 'Payload is \[\]'),
  ('~', '"text"', 'AnyOfferChangedNotification is "text"'),
  ('~.SellerId', '[]', 'SellerId is \[\]'),
  ('~.OfferChangeTrigger', '[]', 'OfferChangeTrigger is \[\]'),
  ('~.OfferChangeTrigger.ASIN', '[]', 'ASIN is \[\]'),
  ('~.OfferChangeTrigger.MarketplaceId', 'true', 'MarketplaceId is true'),
  ('~.OfferChangeTrigger.ItemCondition', '{}', 'ItemCondition is {}'),
  ('~.OfferChangeTrigger.TimeOfOfferChange', '1', 'TimeOfOfferChange is 1'),
  ('~.Summary', '[]', 'Summary is \[\]'),
  ('~.Summary.NumberOfOffers', '{}', 'NumberOfOffers is {}'),
  ('~.Summary.NumberOfOffers.0', '3', 'NumberOfOffers.* is 3'),
  ('~.Summary.NumberOfOffers.0.Condition', '[]', 'NumberOfOffers.*Condition is \[\]'),
  ('~.Summary.NumberOfOffers.0.OfferCount', 'true', 'OfferCount is true'),
  ('~.Summary.BuyBoxPrices', '{}', 'BuyBoxPrices is {}'),
  ('~.Summary.BuyBoxPrices.0', '"text"', 'BuyBoxPrices.* is "text"'),
  ('~.Summary.BuyBoxPrices.0.Condition', '[]', 'BuyBoxPrices.*Condition is \[\]'),
  ('~.Summary.BuyBoxPrices.0.LandedPrice', '10', 'LandedPrice is 10'),
  ('~.Summary.BuyBoxPrices.0.LandedPrice.Amount', '[]', 'LandedPrice.*Amount is \[\]'),
  ('~.Offers', '{}', 'Offers is {}'),
  ('~.Offers', '"none"', 'Offers is "none"'),
  ('~.Offers.0', '"text"', 'Offers\[0\] is "text"'),
  ('~.Offers.1', '[]', 'Offers\[1\] is \[\]'),
  ('~.Offers.1.SellerId', '[]', 'Offers\[1\].*SellerId is \[\]'),
  ('~.Offers.1.ListingPrice', '10.5', 'Offers\[1\].*ListingPrice is 10.5'),
  ('~.Offers.1.ListingPrice.Amount', 'true', 'Offers\[1\].*ListingPrice.*Amount is true'),
  ('~.Offers.1.ListingPrice.Amount', '[5]', 'Offers\[1\].*ListingPrice.*Amount is \[5\]'),
  ('~.Offers.1.ListingPrice.CurrencyCode', '[]', 'Offers\[1\].*CurrencyCode is \[\]'),
  ('~.Offers.1.Shipping', '1', 'Offers\[1\].*Shipping is 1'),
  ('~.Offers.1.Shipping.Amount', '{}', 'Offers\[1\].*Shipping.*Amount is {}'),
  ('~.Offers.1.Points', '5', 'Offers\[1\].*Points is 5'),
  ('~.Offers.1.Points.PointsNumber', 'false', 'Offers\[1\].*PointsNumber is false'),
  ('~.Offers.1.PrimeInformation', 'true', 'Offers\[1\].*PrimeInformation is true'),
  ('~.Offers.1.PrimeInformation.IsOfferPrime', '7', 'Offers\[1\].*IsOfferPrime is 7'),
  ('~.Offers.1.IsFulfilledByAmazon', '{}', 'Offers\[1\].*IsFulfilledByAmazon is {}'),
  ('~.Offers.1.IsBuyBoxWinner', '"perhaps"', 'Offers\[1\].*IsBuyBoxWinner is "perhaps"')
) as t (path, value, message_pattern);

insert into cases
select
  format('PRICING_HEALTH %s: %s', t.path, t.value) as description,
  pg_temp.spoilt(t.path, t.value, pg_temp.pricing_health(12, 10, 11)) as body,
  'OC003' as error_type,
  t.message_pattern
from (
  values
  ('payload.issueType', '[]', 'IssueType is \[\]'),
  ('payload.merchantOffer', '[]', 'MerchantOffer is \[\]'),
  ('payload.merchantOffer.landedPrice', '12', 'LandedPrice is 12'),
  ('payload.merchantOffer.landedPrice.amount', 'true', 'LandedPrice.*Amount is true'),
  ('payload.summary.referencePrice', '10', 'ReferencePrice is 10'),
  (
    'payload.summary.referencePrice.competitivePriceThreshold', '10',
    'CompetitivePriceThreshold is 10'
  ),
  (
    'payload.summary.referencePrice.competitivePriceThreshold.amount', '{}',
    'CompetitivePriceThreshold.* is {}'
  )
) as t (path, value, message_pattern);

-- Times that are none.
insert into cases
select
  format('%s: "%s"', t.path, t.value) as description,
  pg_temp.spoilt(t.path, to_jsonb(t.value)::text) as body,
  null as error_type,
  split_part(t.path, '.', -1) || '.*' || replace(t.value, '+', '\+') as message_pattern
from (
  values
  ('EventTime', 'yesterday'),
  ('EventTime', 'infinity'),
  ('EventTime', '-infinity'),
  ('EventTime', 'now'),
  ('EventTime', 'epoch'),
  ('EventTime', '1675157400'),
  ('EventTime', '31/01/2023'),
  ('EventTime', '31 January 2023'),
  ('EventTime', '2023-01'),
  ('EventTime', '2023-01-31T09:30:00Z and more'),
  ('EventTime', '2023-01-31T09:30:00 Europe/Berlin'),
  ('EventTime', '2023-01-31T25:00:00Z'),
  ('EventTime', '2023-01-31T09:61:00Z'),
  ('EventTime', '2023-01-32T09:30:00Z'),
  ('EventTime', '2023-13-01T09:30:00Z'),
  ('EventTime', '2023-00-01T09:30:00Z'),
  ('EventTime', '2023-01-00T09:30:00Z'),
  ('EventTime', '2023-02-30T09:30:00Z'),
  ('EventTime', '2023-02-29T09:30:00Z'),
  ('EventTime', '0000-01-01T00:00:00Z'),
  ('EventTime', '2023-01-31T09:30:00+19:00'),
  ('NotificationMetadata.PublishTime', 'yesterday'),
  ('NotificationMetadata.PublishTime', '2023-02-30T09:30:00Z'),
  ('~.OfferChangeTrigger.TimeOfOfferChange', 'infinity'),
  ('~.OfferChangeTrigger.TimeOfOfferChange', '2023-02-30T09:30:00Z')
) as t (path, value);

-- Amounts that are none.
insert into cases
select
  format('%s: %s', t.path, t.value) as description,
  pg_temp.spoilt(t.path, t.value) as body,
  'OC003' as error_type,
  t.message_pattern
from (
  values
  ('~.Offers.1.ListingPrice.Amount', '-0.01', 'Offers\[1\].*ListingPrice.*-0.01'),
  ('~.Offers.1.ListingPrice.Amount', '"-5"', 'Offers\[1\].*ListingPrice.*-5'),
  ('~.Offers.1.ListingPrice.Amount', '"+5"', 'Offers\[1\].*ListingPrice.*\+5'),
  ('~.Offers.1.ListingPrice.Amount', '"abc"', 'Offers\[1\].*ListingPrice.*abc'),
  ('~.Offers.1.ListingPrice.Amount', '""', 'Offers\[1\].*ListingPrice'),
  ('~.Offers.1.ListingPrice.Amount', '" "', 'Offers\[1\].*ListingPrice'),
  ('~.Offers.1.ListingPrice.Amount', '"1 000"', 'Offers\[1\].*ListingPrice.*1 000'),
  ('~.Offers.1.ListingPrice.Amount', '"1,50"', 'Offers\[1\].*ListingPrice.*1,50'),
  ('~.Offers.1.ListingPrice.Amount', '"1.2.3"', 'Offers\[1\].*ListingPrice.*1.2.3'),
  ('~.Offers.1.ListingPrice.Amount', '"£5"', 'Offers\[1\].*ListingPrice.*£5'),
  ('~.Offers.1.ListingPrice.Amount', '"NaN"', 'Offers\[1\].*ListingPrice.*NaN'),
  ('~.Offers.1.ListingPrice.Amount', '"Infinity"', 'Offers\[1\].*ListingPrice.*Infinity'),
  ('~.Offers.1.ListingPrice.Amount', '"0x1F"', 'Offers\[1\].*ListingPrice.*0x1F'),
  ('~.Offers.1.ListingPrice.Amount', '"1_000"', 'Offers\[1\].*ListingPrice.*1_000'),
  ('~.Offers.1.ListingPrice.Amount', '"5e"', 'Offers\[1\].*ListingPrice.*5e'),
  ('~.Offers.1.ListingPrice.Amount', '"٥"', 'Offers\[1\].*ListingPrice.*٥'),
  ('~.Offers.1.Shipping.Amount', '-1', 'Offers\[1\].*Shipping.*-1'),
  ('~.Offers.1.Shipping.Amount', '"free"', 'Offers\[1\].*Shipping.*free'),
  ('~.Offers.1.Points.PointsNumber', '-5', 'Offers\[1\].*PointsNumber.*-5'),
  ('~.Summary.BuyBoxPrices.0.LandedPrice.Amount', '-1', 'LandedPrice.*-1'),
  ('~.Summary.NumberOfOffers.0.OfferCount', '-1', 'OfferCount.*-1'),
  ('~.Summary.NumberOfOffers.0.OfferCount', '"many"', 'OfferCount.*many')
) as t (path, value, message_pattern);

insert into cases values
(
  'PRICING_HEALTH: a negative landed price', pg_temp.pricing_health(-12, 10)::text, 'OC003',
  'LandedPrice.*-12'
),
(
  'PRICING_HEALTH: a negative threshold', pg_temp.pricing_health(12, -10)::text, 'OC003',
  'CompetitivePriceThreshold.*-10'
);

-- Amounts that do not fit their columns.
insert into cases
select
  format('%s: %s', t.path, t.value) as description,
  pg_temp.spoilt(t.path, t.value) as body,
  null as error_type,
  t.message_pattern
from (
  values
  ('~.Offers.1.ListingPrice.Amount', '100000000', 'price'),
  ('~.Offers.1.ListingPrice.Amount', '"100000000"', 'price'),
  ('~.Offers.1.ListingPrice.Amount', '99999998.995', 'price'),
  ('~.Offers.1.ListingPrice.Amount', '1e200', 'price'),
  ('~.Offers.1.ListingPrice.Amount', '"1e400000"', 'Offers\[1\].*ListingPrice'),
  ('~.Offers.1.Shipping.Amount', '1e12', 'price'),
  ('~.Summary.BuyBoxPrices.0.LandedPrice.Amount', '100000000', 'price'),
  ('~.Summary.NumberOfOffers.0.OfferCount', '3000000000', 'OfferCount|NumberOfOffers|total_offers')
) as t (path, value, message_pattern);

insert into cases values
(
  'points beyond any price, in Japan',
  pg_temp.any_offer_changed(
    jsonb_build_array(
      pg_temp.offer('A1OWNSELLER001', 10, '{"Points": {"PointsNumber": 1000000000}}')
    ),
    marketplace => 'A1VC38T7YXB528'
  )::text,
  null,
  'price|[Pp]oints'
),
(
  'offers in two currencies',
  pg_temp.spoilt('~.Offers.1.ListingPrice.CurrencyCode', '"EUR"'), 'OC006',
  'currencies.*(EUR.*GBP|GBP.*EUR)'
),
(
  'listing and shipping in two currencies',
  pg_temp.spoilt('~.Offers.1.Shipping.CurrencyCode', '"EUR"'), 'OC006',
  'currencies.*(EUR.*GBP|GBP.*EUR)'
),
(
  'ANY_OFFER_CHANGED without an ASIN',
  pg_temp.any_offer_changed(jsonb_build_array(pg_temp.offer('X', 1)), asin => null)::text, 'OC007',
  'ANY_OFFER_CHANGED without an ASIN'
),
(
  'ANY_OFFER_CHANGED and nothing else', '{"NotificationType": "ANY_OFFER_CHANGED"}', 'OC007',
  'ANY_OFFER_CHANGED without an ASIN'
),
(
  'a blank ASIN', pg_temp.any_offer_changed('[]', asin => '  ')::text, 'OC007',
  'ANY_OFFER_CHANGED without an ASIN'
),
(
  'PRICING_HEALTH without an ASIN', pg_temp.pricing_health(12, 10, asin => null)::text, 'OC007',
  'PRICING_HEALTH without an ASIN'
),
(
  'an ASIN of 21 characters', pg_temp.any_offer_changed('[]', asin => repeat('A', 21))::text,
  'OC008', 'ASIN.*21'
),
(
  'an ASIN of 9,000 characters', pg_temp.any_offer_changed('[]', asin => repeat('A', 9000))::text,
  'OC008', 'ASIN.*9000'
),
(
  'an ASIN too long on a type without state',
  '{"NotificationType": "X", "Payload": {"ASIN": "B0TEST0001B0TEST0001B"}}', 'OC008', 'ASIN.*21'
),
(
  'a marketplace of 21 characters',
  pg_temp.any_offer_changed('[]', marketplace => repeat('A', 21))::text, 'OC008', 'marketplace.*21'
);

create temporary table failed on commit drop as
select c.*, r.*
from cases as c
cross join lateral ingest_notification(c.description, c.body) as r
  (outcome, acknowledge, notification_id, asin, marketplace, severity, trace_id, type, message);

select matches(
  concat_ws(' ', f.outcome, f.type, f.message),
  format('^failed %s .*(%s)', coalesce(f.error_type, '[0-9A-Za-z_]+'), f.message_pattern),
  f.description
)
from failed as f;

select is_empty(
  'select description, acknowledge, notification_id from failed
  where acknowledge or notification_id is not null',
  'none may be deleted from the queue'
);
select set_eq(
  $$
  select w.message_id, w.error_type, w.error_message, w.trace_id, w.raw_message #>> '{}'
  from worker_failures as w
  $$,
  'select description, type, message, trace_id, body from failed',
  'each is kept with its reason, its trace and its body to the byte'
);
select is_empty('select * from worker_notifications', 'nothing is stored');
select is_empty('select * from current_state', 'no state is touched');

-- The rest of the batch is unharmed.
select is(r.outcome, 'processed', 'the sound notification is processed')
from ingest_notification('sound', pg_temp.spoilt('~.OfferChangeTrigger.ASIN', '"B0TEST0002"')) as r;

select * from finish();
rollback;
