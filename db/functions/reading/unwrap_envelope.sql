-- Amazon sends the bare notification; an operator may have put SNS, EventBridge or both in between.
create or replace function unwrap_envelope(body text)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  notification jsonb := body::jsonb;
  part jsonb;
begin
  loop
    if notification ->> 'Type' = 'Notification' and notification ? 'Message' then
      part := notification -> 'Message';
      if jsonb_typeof(part) not in ('string', 'null') then
        raise exception using
          errcode = 'OC003',
          message = format('the SNS envelope''s Message is %s, not a string', left(part::text, 60)),
          hint = 'SNS carries a notification as text.';
      end if;
      notification := coalesce((part #>> '{}')::jsonb, 'null');
    elsif notification ? 'detail-type' and notification ? 'detail' then
      notification := notification -> 'detail';
      if jsonb_typeof(notification) <> 'object' then
        raise exception using
          errcode = 'OC003',
          message = format(
            'the EventBridge envelope''s detail is %s, not an object', left(notification::text, 60)
          ),
          hint = 'EventBridge carries a notification as its detail.';
      end if;
    else
      exit;
    end if;
  end loop;
  return notification;
end
$$;

comment on function unwrap_envelope(text) is
'The notification inside a message body: the body itself, or what SNS (Message) or EventBridge '
'(detail) wrapped. Raises OC003 where an envelope holds the wrong type, and what jsonb raises '
'where the text is no JSON: see diagnose().';
