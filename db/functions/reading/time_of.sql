-- Stable because that cast is; what the domain lets through, no setting reads differently.
create or replace function time_of(value amazon_time)
returns timestamptz
language sql stable parallel safe
return case
  when value like '%Z' then replace(value, ',', '.')
  when value ~ '[Tt ].*[z+-]' then replace(value, ',', '.')
  else replace(value, ',', '.') || ' UTC'
end::timestamptz;

comment on function time_of(amazon_time) is
'The moment; in UTC where it names no offset.';
