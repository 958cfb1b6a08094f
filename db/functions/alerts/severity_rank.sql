create or replace function severity_rank(severity text)
returns integer
language sql immutable parallel safe
return array_position(
  array['success', 'info', 'warning', 'high', 'critical'], severity_rank.severity
);

comment on function severity_rank(text) is
'Orders severities: success 1, info 2, warning 3, high 4, critical 5; null for anything else.';
