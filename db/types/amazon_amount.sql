create domain amazon_amount as text check (
  ascii(value) between 48 and 57 and value::numeric::text = value
  or value ~ '^[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,4})?$'
);

comment on domain amazon_amount is
'a decimal number of zero or more';
