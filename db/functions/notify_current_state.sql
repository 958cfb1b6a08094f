-- For each row: a statement's trigger would also fire for a stale event, which changes none. The
-- trigger is made here because functions come after the migrations, and only once because replacing
-- it would lock current_state at every deployment.
create or replace function notify_current_state()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform pg_notify('current_state', '');
  return null;
end
$$;

comment on function notify_current_state() is
'Trigger of current_state: tells the listeners of channel current_state that it changed. The '
'payload is empty, so Postgres folds all of one transaction''s into one.';

do $$
begin
  if not exists (
    select from pg_trigger
    where tgrelid = 'current_state'::regclass and tgname = 'current_state_changed'
  ) then
    create trigger current_state_changed
    after insert or update or delete on current_state
    for each row execute function notify_current_state();
  end if;
end
$$;
