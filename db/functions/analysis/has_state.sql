create or replace function has_state(notification_type text)
returns boolean
language sql immutable parallel safe
return coalesce(notification_type in ('ANY_OFFER_CHANGED', 'PRICING_HEALTH'), false);

comment on function has_state(text) is
'Whether notifications of this type affect current_state.';
