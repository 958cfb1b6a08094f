create or replace function item_lock(asin text)
returns bigint
language sql immutable parallel safe
return hashtextextended(btrim(asin), 0);

comment on function item_lock(text) is
'The number of the advisory transaction lock that guards one ASIN''s rows of current_state. '
'Whoever takes several takes them in ascending order. Null where asin is null.';
