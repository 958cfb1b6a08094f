-- UUID version 7 (RFC 9562): milliseconds since 1970, then chance; two bits more make it of a
-- version 4. Ids of one time stand together in an index, where random ones each dirty a page of
-- their own. From Postgres 18 on it is uuidv7().
create or replace function time_ordered_id()
returns uuid
language sql volatile parallel unsafe
return encode(
  set_bit(
    set_bit(
      substr(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint), 3)
      || substr(uuid_send(gen_random_uuid()), 7),
      52, 1
    ),
    53, 1
  ),
  'hex'
)::uuid;

comment on function time_ordered_id() is
'A new UUID that is greater than those of earlier milliseconds.';
