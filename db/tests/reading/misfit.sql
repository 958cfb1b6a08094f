-- Where a JSON value does not fit a type: the first member that does not, its path, its value and
-- what was expected.
begin;
select plan(34);

select is(
  misfit(t.value::jsonb, t.shape::regtype, t.path), t.complaint,
  t.shape || ': ' || left(t.value, 60)
)
from (
  values
  ('{}', 'amazon_notification', null, null),
  ('null', 'amazon_notification', null, null),
  ('[]', 'amazon_notification', null, 'the notification is [], not an object'),
  ('"x"', 'amazon_offer_change_payload', 'Payload', 'Payload is "x", not an object'),
  ('null', 'amazon_amount', 'A', null),
  ('"1.50"', 'amazon_amount', 'A', null),
  ('"1,50"', 'amazon_amount', 'A', 'A is "1,50", not a decimal number of zero or more'),
  ('-1', 'amazon_amount', 'A', 'A is -1, not a decimal number of zero or more'),
  ('true', 'amazon_amount', 'A', 'A is true, not a decimal number of zero or more'),
  ('"true"', 'amazon_flag', 'F', null),
  ('"perhaps"', 'amazon_flag', 'F', 'F is "perhaps", not true or false'),
  ('7', 'amazon_text', 'T', null),
  ('{"x": 1}', 'amazon_text', 'T', 'T is {"x": 1}, not a string'),
  ('["x"]', 'amazon_text', 'T', 'T is ["x"], not a string'),
  (
    '"yesterday"', 'amazon_time', 'T',
    'T is "yesterday", not an ISO 8601 time such as 2026-01-31T09:30:00Z'
  ),
  (
    '"2024-02-30T00:00:00Z"', 'amazon_time', 'T',
    'T is "2024-02-30T00:00:00Z", not an ISO 8601 time such as 2026-01-31T09:30:00Z'
  ),
  ('2147483647', 'amazon_count', 'N', null),
  (
    '2147483648', 'amazon_count', 'N',
    'N is 2147483648, not a number of zero or more that an integer holds'
  ),
  -- the first in the order of the type, not of the message
  (
    '{"CurrencyCode": [], "Amount": "x"}', 'amazon_money', 'P',
    'P.Amount is "x", not a decimal number of zero or more'
  ),
  (
    '{"Amount": 1, "CurrencyCode": [], "Other": "x"}', 'amazon_money', 'P',
    'P.CurrencyCode is [], not a string'
  ),
  ('{}', 'amazon_offer[]', 'Offers', 'Offers is {}, not an array'),
  ('[]', 'amazon_offer[]', 'Offers', null),
  ('[null, {}]', 'amazon_offer[]', 'Offers', null),
  ('[{}, 5]', 'amazon_offer[]', 'Offers', 'Offers[1] is 5, not an object'),
  (
    '[{}, {}, {"PrimeInformation": {"IsPrime": "no way"}}, 5]', 'amazon_offer[]', 'Offers',
    'Offers[2].PrimeInformation.IsPrime is "no way", not true or false'
  ),
  (
    '{"Summary": {"BuyBoxPrices": [{}, {"Shipping": {"Amount": {}}}]}}', 'amazon_offer_change', 'A',
    'A.Summary.BuyBoxPrices[1].Shipping.Amount is {}, not a decimal number of zero or more'
  )
) as t (value, shape, path, complaint);

-- Halving finds the first of a thousand, wherever it stands and whatever stands behind it.
select is(
  misfit(
    (
      select jsonb_agg(
        case
          when i = p.place then '{"SellerId": {}}'
          when i > p.place and i % 7 = 0 then '5'
          else '{"SellerId": "x"}'
        end::jsonb
        order by i
      )
      from generate_series(0, 999) as i
    ),
    'amazon_offer[]', 'Offers'
  ),
  format('Offers[%s].SellerId is {}, not a string', p.place),
  format('element %s of 1,000', p.place)
)
from (values (0), (1), (499), (500), (998), (999)) as p (place);

select is(
  misfit(to_jsonb(repeat('x', 1000)), 'amazon_amount', 'A'),
  'A is "' || repeat('x', 59) || ', not a decimal number of zero or more',
  'a long value is cut short'
);
select ok(
  bool_and(obj_description(t.oid, 'pg_type') is not null),
  'every type of the messages says what it expects, or what it is'
)
from pg_type as t
where
  t.typname like 'amazon\_%'
  and t.typtype in ('c', 'd')
  and t.typnamespace = 'public'::regnamespace;

select * from finish();
rollback;
