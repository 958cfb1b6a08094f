create domain amazon_flag as boolean;

comment on domain amazon_flag is
'true or false';
