-- A row that is not stored, and is none that is stored already, is no duplicate and no loop without
-- an end.
begin;
select plan(3);

create unique index seller_made_this on worker_notifications (asin, event_time);
create temporary table answers on commit drop as
select m.position, r.outcome, r.acknowledge, r.error_type
from (
  values
  (1, '{"NotificationType": "X", "EventTime": "2024-01-01", "Payload": {"ASIN": "B0TEST1"}}'),
  (2, '{"NotificationType": "Y", "EventTime": "2024-01-01", "Payload": {"ASIN": "B0TEST1"}}')
) as m (position, body)
cross join lateral ingest_notification('swallowed-' || m.position, m.body) as r;

select is(a.outcome, 'processed', 'the first is stored') from answers as a where a.position = 1;
select is(
  a.outcome || ' ' || a.acknowledge || ' ' || a.error_type, 'failed false unique_violation',
  'the second fails, and says so'
)
from answers as a
where a.position = 2;
select results_eq(
  $$select w.message_id from worker_failures as w$$, array['swallowed-2'], 'it is kept'
);

select * from finish();
rollback;
