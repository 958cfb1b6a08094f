create or replace function lock_of_item(asin text)
returns bigint
language sql immutable parallel safe
return case when asin is not null then ingest_order('"ASIN":"' || asin || '"') end;

comment on function lock_of_item(text) is
'The number of the advisory transaction lock that guards one ASIN''s rows of current_state: that '
'of ingest_order() for a message of this ASIN. Whoever takes several takes them in ascending '
'order. Null where asin is null.';
