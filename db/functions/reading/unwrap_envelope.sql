-- Amazon sends the bare notification; an operator may have put SNS, EventBridge or both in between.
create or replace function unwrap_envelope(body jsonb)
returns jsonb
language plpgsql immutable parallel restricted
set search_path = pg_catalog, public, pg_temp
as $$
declare
  notification jsonb := body;
  message text;
begin
  loop
    if notification ->> 'Type' = 'Notification' and notification ? 'Message' then
      message := read_text(notification -> 'Message', 'the SNS envelope''s Message');
      begin
        notification := message::jsonb;
      exception when data_exception or program_limit_exceeded then
        raise exception using
          errcode = sqlstate, message = 'the SNS envelope''s Message: ' || sqlerrm;
      end;
    elsif notification ? 'detail-type' and notification ? 'detail' then
      notification := read_object(notification -> 'detail', 'the EventBridge envelope''s detail');
    else
      exit;
    end if;
  end loop;
  return notification;
end
$$;

comment on function unwrap_envelope(jsonb) is
'The notification inside a message body: the body itself, or what SNS (Message) or EventBridge '
'(detail) wrapped. Raises OC003 where an envelope holds the wrong type; where SNS''s Message is '
'no JSON, what jsonb raises.';
