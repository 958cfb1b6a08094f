create or replace function notify_current_state()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if exists (select from changed) then
    perform pg_notify('current_state', '');
  end if;
  return null;
end
$$;

comment on function notify_current_state() is
'Trigger of current_state, for its statements: tells the listeners of channel current_state that '
'rows of it changed. The payload is empty, so Postgres folds all of one transaction''s into one.';
