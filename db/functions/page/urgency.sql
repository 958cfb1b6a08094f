-- One number, because a sort by one takes little more than half of the time of a sort by two.
create or replace function urgency(severity text, your_price numeric, market_low numeric)
returns bigint
language sql immutable parallel safe
return severity_rank(urgency.severity) * 1000000000000000
  + coalesce((1000 * your_price / nullif(market_low, 0))::bigint, 0);

comment on function urgency(text, numeric, numeric) is
'Orders items by how much they need you: by severity, then by how many thousandths of the '
'market''s lowest price yours is, then nothing. Null where there is no severity.';
