create or replace function contains_text(value text, search text)
returns boolean
language sql immutable parallel safe
-- pg_catalog."C" because lower() in other collations takes three times as long.
return strpos(lower(value collate pg_catalog."C"), lower(search collate pg_catalog."C")) > 0;

comment on function contains_text(text, text) is
'Whether the one text has the other in it; capitals from A to Z are as good as small letters.';
