-- Amazon sends the bare notification; an operator may have put SNS, EventBridge or both in between.
-- This half is inlined, so give it a column, not the cast, which it would do three times. What only
-- looks like an envelope goes through the other half.
create or replace function unwrap_envelope(body jsonb)
returns jsonb
language sql immutable parallel safe
return case when body ?| array['Message', 'detail'] then open_envelope(body) else body end;

comment on function unwrap_envelope(jsonb) is
'The notification in a message''s body: as it is, or else open_envelope().';
