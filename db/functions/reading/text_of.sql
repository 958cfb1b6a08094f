create or replace function text_of(value amazon_text)
returns text
language sql immutable parallel safe
return nullif(btrim(value), '');

comment on function text_of(amazon_text) is
'The text, trimmed; null where it is blank: Amazon writes "" for what it does not know.';
