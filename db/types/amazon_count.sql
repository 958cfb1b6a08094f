create domain amazon_count as amazon_amount check (
  value::numeric <= 2147483647
);

comment on domain amazon_count is
'a number of zero or more that an integer holds';
