create or replace function is_outage(code text)
returns boolean
language sql immutable strict parallel safe
return left(code, 2) in ('08', '40', '53', '57', '58') or code in ('25006', '55P03');

comment on function is_outage(text) is
'Whether a SQLSTATE tells of trouble with the world and not with the message: connection (08), '
'deadlock or serialization (40), resources (53), operator (57), system (58), a read-only server '
'(25006), a lock not available (55P03). Such an error passes through ingest_notification() and is '
'never counted as the message''s failure.';
