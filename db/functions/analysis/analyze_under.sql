-- One expression of SQL that Postgres inlines into whatever reads notifications: a batch, a day or
-- the whole history is analysed by one plan, in parallel. Everything else that is said of a
-- notification comes from here. "offset 0" keeps what is read once from being read at each use.
create or replace function analyze_under(
  notification jsonb, rules severity_rules, own_sellers text[]
)
returns setof notification_analysis
language sql stable parallel safe
rows 1
begin atomic
  select
    (s.a).notification_type as notification_type,
    (s.a).has_state as has_state,
    case
      when (s.a).asin is null and (s.a).has_state then refuse(
        'OC007', (s.a).notification_type || ' without an ASIN',
        'It is looked for at OfferChangeTrigger.ASIN first.'
      )
      when length((s.a).asin) > 20 then refuse(
        'OC008',
        format(
          'the ASIN has %s characters, not 20 at most: %s…',
          length((s.a).asin), left((s.a).asin, 20)
        ),
        'Amazon''s ASINs have 10.'
      )
      when s.highest_price >= 99999999.995 then refuse(
        'OC005',
        format(
          'a price (landed, or a threshold) of %s does not fit its column: 99999999.99 at most',
          left(s.highest_price::text, 30)
        ),
        'Prices are numeric(10,2).'
      )
      else (s.a).asin
    end as asin,
    case
      when length((s.a).marketplace) > 20 then refuse(
        'OC008',
        format(
          'the marketplace id has %s characters, not 20 at most: %s…',
          length((s.a).marketplace), left((s.a).marketplace, 20)
        ),
        'Amazon''s marketplace ids have 13 or 14.'
      )
      else (s.a).marketplace
    end as marketplace,
    (s.a).item_condition as item_condition,
    coalesce(time_of(s."EventTime"), (s.a).event_time, s.publish_time) as event_time,
    s.publish_time,
    text_of((s."NotificationMetadata")."NotificationId") as amazon_notification_id,
    (s.a).your_price as your_price,
    (s.a).market_low as market_low,
    (s.a).prime_low as prime_low,
    (s.a).buy_box_price as buy_box_price,
    (s.a).competitive_price as competitive_price,
    (s.a).your_position as your_position,
    (s.a).total_offers as total_offers,
    (s.a).buy_box_winner as buy_box_winner,
    (s.a).buy_box_seller as buy_box_seller,
    (s.a).buy_box_is_fba as buy_box_is_fba,
    (s.a).buy_box_suppressed as buy_box_suppressed,
    (s.a).sales_rank as sales_rank,
    (s.a).currency as currency,
    (s.a).pricing_issue as pricing_issue,
    (s.a).reference_price as reference_price,
    (judge(rules, s.a)).severity as severity
  from (
    select
      k.*,
      greatest(
        abs((k.a).your_price), abs((k.a).market_low), abs((k.a).prime_low),
        abs((k.a).buy_box_price), (k.a).competitive_price
      ) as highest_price
    from (
      select
        h.*,
        time_of((h."NotificationMetadata")."PublishTime") as publish_time,
        case h.kind
          when 'ANY_OFFER_CHANGED' then (
            select a from analyze_offer_change(in_pascal_case(h.payload), own_sellers) as a
          )
          when 'PRICING_HEALTH' then (
            select a from analyze_pricing_health(in_pascal_case(h.payload)) as a
          )
          else (select a from analyze_other(h.kind, in_pascal_case(h.payload)) as a)
        end as a
      from (
        select
          r.*,
          nullif(n.notification -> 'Payload', 'null') as payload,
          coalesce(
            text_of(r."NotificationType"),
            refuse(
              'OC002', 'the notification has no NotificationType',
              'Amazon''s notifications carry NotificationType or notificationType at the top.'
            )
          ) as kind
        from (
          select in_pascal_case(o.notification) as notification
          from (
            -- as it is; but what is stored is decompressed here, once, and not at each use
            select
              case jsonb_typeof(v.notification)
                when 'object' then v.notification || '{}'
                else refuse(
                  'OC001',
                  'the body is no JSON object but '
                  || coalesce(jsonb_typeof(v.notification), 'nothing'),
                  'A notification is a JSON object, bare or in an SNS or EventBridge envelope.'
                )::jsonb
              end as notification
            from (values (analyze_under.notification)) as v (notification)
            offset 0
          ) as o
          offset 0
        ) as n
        cross join lateral jsonb_populate_record(null::amazon_notification, n.notification) as r
        offset 0
      ) as h
      offset 0
    ) as k
    offset 0
  ) as s;
end;

comment on function analyze_under(jsonb, severity_rules, text[]) is
'analyze_notification() under a given rule set and for given own sellers (beside the one that the '
'notification names).';
