create or replace function dedupe_hash(body text)
returns text
language sql stable parallel safe
return encode(sha256(convert_to(body, 'UTF8')), 'hex');

comment on function dedupe_hash(text) is
'Lower-case hex SHA-256 of a body''s UTF-8 bytes, exactly as received: with message_id, what a '
'message is recognised by.';
