-- Over jsonb and not over text, because an object would read as its text.
create domain amazon_text as jsonb check (
  jsonb_typeof(value) = 'string' or jsonb_typeof(value) = 'number'
);

comment on domain amazon_text is
'a string';
