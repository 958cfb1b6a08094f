-- Over text, as it is read fastest. What an object, an array or a boolean would read as is refused.
create domain amazon_text as text check (
  case ascii(value)
    when 91 then value not like '[%]'
    when 123 then value not like '{%}'
    else value not in ('true', 'false')
  end
);

comment on domain amazon_text is
'a string';
