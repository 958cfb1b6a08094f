create or replace function explain_item(
  asin text, marketplace text default null, item_condition text default 'new'
)
returns table (marketplace text, part text, item text, value text)
language sql stable parallel safe
begin atomic
  select c.marketplace, e.part, e.item, e.value
  from state_of(explain_item.asin, explain_item.marketplace, explain_item.item_condition) as c
  inner join worker_notifications as n on c.last_notification_id = n.id
  cross join lateral explain_severity(n.message_id) with ordinality as e (part, item, value, line)
  order by c.marketplace, e.line;
end;

comment on function explain_item(text, text, text) is
'Why an item has its severity: explain_severity() of the notification that current_state shows, in '
'one marketplace or, where null, in each. Raises OC102 where there is no such row. '
'Example: select part, item, value from explain_item(''B0DEMO0012'')';
