-- Amazon writes ANY_OFFER_CHANGED in PascalCase, PRICING_HEALTH in camelCase, and so did the
-- original worker's test messages; the types are in PascalCase.
create or replace function in_pascal_case(notification jsonb)
returns jsonb
language sql immutable parallel safe
return case
  when notification ?| array[
    'notificationType', 'eventTime', 'notificationMetadata', 'payload',
    'anyOfferChangedNotification', 'offerChangeTrigger', 'offerChangeSummary', 'marketplaceId',
    'asin'
  ] then respell(notification)
  else notification
end;

comment on function in_pascal_case(jsonb) is
'A notification, or its Payload, as the types spell it: as it is, or else respell()ed.';
