create or replace function blame(m incoming, body text, code text, complaint text)
returns incoming
language plpgsql stable parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  diagnosis record;
begin
  if body is not null and code not like 'OC%' then
    diagnosis := diagnose(body);
    code := coalesce(diagnosis.code, code);
    complaint := coalesce(diagnosis.complaint, complaint);
  end if;
  m.outcome := 'failed';
  m.trace_id := m.notification_id::text;
  m.notification_id := null;
  m.asin := null;
  m.marketplace := null;
  m.severity := null;
  m.error_type := condition_name(code);
  m.error_message := left(regexp_replace(complaint, '[[:cntrl:]]+', ' ', 'g'), 300);
  return m;
end
$$;

comment on function blame(incoming, text, text, text) is
'The message as one that failed, by the SQLSTATE and text of the error; where its body is given '
'and cannot be read, by what diagnose() says.';
