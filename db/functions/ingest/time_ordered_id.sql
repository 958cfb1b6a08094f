-- UUID version 7 (RFC 9562): milliseconds since 1970, then what tells those of one apart. That is
-- bits of the body's hash, which is unique in the table, and the place in the batch, for copies of
-- a body that is never stored; chance would cost as much as looking the message up. Ids of one time
-- stand together in an index, where random ones each dirty a page of their own.
create or replace function time_ordered_id(dedupe_hash text, place bigint)
returns uuid
language sql volatile parallel unsafe
return (
  lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000)::bigint), 12, '0')
  || '7' || left(dedupe_hash, 3)
  || '8' || substr(dedupe_hash, 4, 9) || lpad(to_hex(place), 6, '0')
)::uuid;

comment on function time_ordered_id(text, bigint) is
'A UUID for the message of that hash at that place of its batch, greater than those of earlier '
'milliseconds.';
