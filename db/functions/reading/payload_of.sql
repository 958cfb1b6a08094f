-- "offset 0" keeps each step computed once.
create or replace function payload_of(notification jsonb)
returns setof jsonb
language sql stable parallel safe
rows 1
begin atomic
  select in_pascal_case(p.payload) as payload
  from (
    select in_pascal_case(n.notification) -> 'Payload' as payload
    from (
      -- as it is; but what is stored is decompressed here, once, and not at each use
      select v.notification || '{}' as notification
      from (values (payload_of.notification)) as v (notification)
      offset 0
    ) as n
    offset 0
  ) as p
  offset 0;
end;

comment on function payload_of(jsonb) is
'A stored notification''s Payload, as the types spell it. A row, so that it inlines.';
