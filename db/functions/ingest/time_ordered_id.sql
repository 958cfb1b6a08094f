-- UUID version 7 (RFC 9562): milliseconds since 1970, then chance. Ids of one time stand together
-- in an index, where random ones each dirty a page of their own. From Postgres 18 on it is
-- uuidv7().
create or replace function time_ordered_id()
returns uuid
language sql volatile parallel unsafe
return encode(
  set_byte(
    substr(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint), 3)
    || substr(uuid_send(gen_random_uuid()), 7),
    6, get_byte(uuid_send(gen_random_uuid()), 6) | 48
  ),
  'hex'
)::uuid;

comment on function time_ordered_id() is
'A new UUID that is greater than those of earlier milliseconds.';
