-- The paths are those of Amazon's samples; the ASIN's and the marketplace's further places are
-- where the original worker's own test messages (and other notification types) keep them.
create or replace function read_header(
  notification jsonb,
  out notification_type text,
  out has_state boolean,
  out asin text,
  out marketplace text,
  out item_condition text,
  out seller_id text,
  out event_time timestamptz,
  out publish_time timestamptz,
  out amazon_notification_id text,
  out content jsonb,
  out summary jsonb,
  out offers jsonb
)
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  value jsonb;
  metadata jsonb;
  payload jsonb;
  change jsonb;
  original jsonb;
  change_time timestamptz;
begin
  if jsonb_typeof(notification) is distinct from 'object' then
    raise exception using
      errcode = 'OC001',
      message = format(
        'the body is no JSON object but %s', coalesce(jsonb_typeof(notification), 'nothing')
      ),
      hint = 'A notification is a JSON object, bare or in an SNS or EventBridge envelope.';
  end if;

  -- A stored notification is compressed, and each look at it would decompress it again. This gives
  -- it back as it is, decompressed.
  notification := notification || '{}';
  value := member(notification, 'NotificationType');
  notification_type := read_text(value, 'NotificationType');
  if notification_type is null then
    raise exception using
      errcode = 'OC002',
      message = 'the notification has no NotificationType',
      hint = 'Amazon''s notifications carry NotificationType or notificationType at the top.';
  end if;
  has_state := has_state(notification_type);

  value := member(notification, 'NotificationMetadata');
  metadata := read_object(value, 'NotificationMetadata');
  value := member(notification, 'Payload');
  payload := read_object(value, 'Payload');
  if notification ? 'Payload' and notification ? 'payload' then
    payload := coalesce(read_object(notification -> 'payload', 'payload'), '{}') || payload;
  end if;
  value := member(payload, 'AnyOfferChangedNotification');
  content := read_object(value, 'AnyOfferChangedNotification');
  if content is null then
    content := coalesce(
      read_object(payload -> 'B2BAnyOfferChangedNotification', 'B2BAnyOfferChangedNotification'),
      read_object(payload -> 'b2bAnyOfferChangedNotification', 'b2bAnyOfferChangedNotification'),
      payload
    );
  end if;
  value := member(content, 'OfferChangeTrigger');
  change := read_object(value, 'OfferChangeTrigger');
  value := coalesce(member(content, 'OfferChangeSummary'), member(payload, 'OfferChangeSummary'));
  original := read_object(value, 'OfferChangeSummary');
  offers := coalesce(member(content, 'Offers'), member(original, 'Offers'));
  if has_state then
    offers := read_array(offers, 'Offers');
    value := member(content, 'Summary');
    summary := read_object(value, 'Summary');
    value := member(content, 'SellerId');
    seller_id := read_text(value, 'SellerId');
  elsif jsonb_typeof(offers) <> 'array' then
    offers := null;  -- other types may use this name for anything
  end if;

  value := member(change, 'ASIN');
  asin := read_text(value, 'OfferChangeTrigger.ASIN');
  if asin is null then
    asin := coalesce(
      read_text(member(content, 'ASIN'), 'ASIN'),
      read_text(member(original, 'ASIN'), 'OfferChangeSummary.ASIN'),
      read_text(
        member(member(payload, 'OfferChangeSummary'), 'ASIN'), 'Payload.OfferChangeSummary.ASIN'
      ),
      read_text(member(payload, 'ASIN'), 'Payload.ASIN'),
      read_text(payload -> 'Asin', 'Payload.Asin')
    );
  end if;
  value := member(change, 'MarketplaceId');
  marketplace := read_text(value, 'OfferChangeTrigger.MarketplaceId');
  if marketplace is null then
    marketplace := coalesce(
      read_text(member(content, 'MarketplaceId'), 'MarketplaceId'),
      read_text(member(payload, 'MarketplaceId'), 'Payload.MarketplaceId'),
      'A1F83G8C2ARO7P'
    );
  end if;
  value := member(change, 'ItemCondition');
  item_condition := coalesce(lower(read_text(value, 'OfferChangeTrigger.ItemCondition')), 'new');

  value := member(metadata, 'PublishTime');
  publish_time := read_time(value, 'NotificationMetadata.PublishTime');
  value := member(notification, 'EventTime');
  event_time := read_time(value, 'EventTime');
  if value is distinct from member(change, 'TimeOfOfferChange') then  -- mostly the same text
    value := member(change, 'TimeOfOfferChange');
    change_time := read_time(value, 'OfferChangeTrigger.TimeOfOfferChange');
  end if;
  event_time := coalesce(event_time, change_time, publish_time);
  value := member(metadata, 'NotificationId');
  amazon_notification_id := read_text(value, 'NotificationMetadata.NotificationId');

  if has_state and asin is null then
    raise exception using
      errcode = 'OC007',
      message = format('%s without an ASIN', notification_type),
      hint = 'It is looked for at OfferChangeTrigger.ASIN first.';
  end if;
  if length(asin) > 20 or length(marketplace) > 20 then
    raise exception using
      errcode = 'OC008',
      message = case
        when length(asin) > 20
          then format('the ASIN has %s characters: %s…', length(asin), left(asin, 20))
        else format(
          'the marketplace has %s characters: %s…', length(marketplace), left(marketplace, 20)
        )
      end,
      hint = 'An ASIN or a marketplace id has at most 20 characters.';
  end if;
end
$$;

comment on function read_header(jsonb) is
'What a notification says besides its prices, from whichever of the three spellings: its type '
'(has_state: does it affect current_state), the item (asin, marketplace, item_condition in lower '
'case), the seller it is for, when (event_time is EventTime, else TimeOfOfferChange, else the '
'publish time, else null) and its parts: content, summary, offers. Raises OC001 no object, OC002 '
'no type, OC003 a member of the wrong JSON type, OC004 or 22008 an unreadable time, OC007 a kind '
'with state without an ASIN, OC008 an ASIN or marketplace over 20 characters.';
