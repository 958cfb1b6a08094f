-- A price, a count, points or a rank. Over jsonb, because numeric reads more strings than decimal
-- numbers: NaN, infinity, signs, blanks, hexadecimal.
create domain amazon_amount as jsonb check (
  case jsonb_typeof(value)
    when 'number' then value >= '0'
    when 'string' then value #>> '{}' ~ '^[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,4})?$'
    else value is null
  end
);

comment on domain amazon_amount is
'a decimal number of zero or more';
