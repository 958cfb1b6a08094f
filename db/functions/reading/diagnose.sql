-- Reads once more, in smaller steps, what could not be read: a good message pays nothing for it.
create or replace function diagnose(body text, out code text, out complaint text)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  place text;
  notification jsonb;
  detail text;
  context text;
begin
  begin
    place := 'the body';
    notification := body::jsonb;
    place := 'the SNS envelope''s Message';
    notification := in_pascal_case(unwrap_envelope(notification));
  exception when others then
    if is_outage(sqlstate) then
      raise;
    end if;
    get stacked diagnostics
      complaint = message_text, detail = pg_exception_detail, context = pg_exception_context;
    code := sqlstate;
    if code not like 'OC%' then
      complaint := place || ' is no JSON that can be kept: ' || case code
        when '54001' then 'nested too deeply, at ' || left(substring(body from '[[{]+.*'), 60)
        when '22003' then 'a number too large, at ' || left(
          substring(body from '([0-9][0-9.]*[eE][+-]?[0-9]{4,}|[0-9.]{200,})'), 60
        )
        else concat_ws(
          ', at ',
          coalesce(nullif(detail, ''), complaint),
          substring(context from '^JSON data, (line [^' || chr(10) || ']*)')
        )
      end;
    end if;
    return;
  end;
  complaint := coalesce(
    misfit(notification, 'amazon_notification', null),
    misfit(
      in_pascal_case(notification -> 'Payload'),
      payload_type(notification ->> 'NotificationType'),
      'Payload'
    )
  );
  if complaint is not null then
    code := 'OC003';
  end if;
end
$$;

comment on function diagnose(text) is
'Why a message''s body cannot be read: what and where, and its SQLSTATE (OC003: a member does not '
'fit its type). Both are null where it can be.';
