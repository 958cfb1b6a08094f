-- The readers' slow branch, kept out of them so that they stay small enough to be inlined
-- everywhere. The one place that words a complaint about a member.
create or replace function null_or_invalid(
  value jsonb, path text, expected text, code text default 'OC003'
)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if value = 'null' then
    return null;
  end if;
  raise exception using
    errcode = code,
    message = format('%s is %s, not %s', path, left(value::text, 60), expected),
    hint = 'The sender has to correct the message; its body is kept in worker_failures.';
end
$$;

comment on function null_or_invalid(jsonb, text, text, text) is
'Null for a JSON null; for anything else raises the given SQLSTATE, naming the member (path), its '
'value and what was expected. OC003: wrong JSON type. OC004: unreadable time. OC005: unreadable '
'or negative amount.';
