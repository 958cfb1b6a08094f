create or replace function open_envelope(notification jsonb)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
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

comment on function open_envelope(jsonb) is
'The notification in an SNS or EventBridge envelope, or one in the other; what is none, as it is. '
'Raises OC003 where what should hold a notification cannot.';
