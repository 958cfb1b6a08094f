-- Comments change nothing: those of a table go with it.
select 1;
