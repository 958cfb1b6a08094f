create or replace function severity_order(severity text)
returns integer
language sql immutable parallel safe
return case severity
  when 'critical' then 1
  when 'high' then 2
  when 'warning' then 3
  when 'info' then 4
  when 'success' then 5
end;

comment on function severity_order(text) is
'Where a severity stands, the worst first: from 1 for critical to 5 for success.';
