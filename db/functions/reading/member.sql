-- Amazon writes some notifications in PascalCase and some in camelCase, so each member has two
-- spellings. With a constant name both spellings fold to constants and the whole is inlined.
create or replace function member(parent jsonb, name text)
returns jsonb
language sql immutable parallel safe
return coalesce(
  nullif(parent -> name, 'null'),
  parent -> case
    when name = upper(name) then lower(name)
    else lower(left(name, 1)) || substr(name, 2)
  end
);

comment on function member(jsonb, text) is
'A member of a JSON object by its PascalCase name, in whichever of Amazon''s two spellings it '
'stands there (NotificationType or notificationType, ASIN or asin). Null where there is none.';
