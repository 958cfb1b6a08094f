-- A seller's history is not thrown away by a rollback: empty the tables first where that is meant.
do $$
begin
  if exists (select from worker_notifications) or exists (select from worker_failures) then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = 'worker_notifications or worker_failures holds rows',
      hint = 'Back them up and empty both tables before rolling this migration back.';
  end if;
end
$$;

drop table current_state;
drop table worker_failures;
drop table worker_notifications;
