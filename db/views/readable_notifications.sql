create or replace view readable_notifications as
select n.*
from worker_notifications as n
where not exists (select from unreadable_notifications as u where u.id = n.id);

comment on view readable_notifications is
'worker_notifications without those that cannot be analysed (mark_unreadable()): what every '
'analysis of what is stored reads, so that none needs an exception block.';
