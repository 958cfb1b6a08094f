create or replace function payload_type(notification_type text)
returns regtype
language sql stable parallel safe
return case notification_type
  when 'ANY_OFFER_CHANGED' then 'amazon_offer_change_payload'::regtype
  when 'PRICING_HEALTH' then 'amazon_pricing_health'
  else 'amazon_other_payload'
end;

comment on function payload_type(text) is
'The type into which the Payload of such a notification is read.';
