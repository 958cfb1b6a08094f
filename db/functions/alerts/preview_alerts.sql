-- Walks each item's events as live ingest would have met them. Hold and cooldown are one rule's, so
-- of the alerts that were raised, those not due yet are always the last.
create or replace function preview_alerts(rule text, since timestamptz, until timestamptz)
returns table (
  at timestamptz, asin text, marketplace text, item_condition text, headline text
)
language plpgsql stable parallel restricted
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_variable
declare
  r alert_rules;
  e record;
  before current_state;
  after current_state;
  raised timestamptz[];  -- the item's alerts that were not cancelled
  headlines text[];
  latest integer;
begin
  select a.* into r
  from alert_rules as a
  where a.name = preview_alerts.rule;
  if not found then
    raise exception using
      errcode = 'OC104',
      message = format('there is no alert rule %L', preview_alerts.rule),
      hint = 'The table alert_rules lists them.';
  end if;

  for e in
    select
      n.asin,
      n.marketplace,
      n.item_condition,
      n.severity,
      n.dedupe_hash,
      to_jsonb(a) as said,
      n.notification_type = 'PRICING_HEALTH' as is_issue,
      n.event_time as happened_at,
      row_number() over item = 1 as is_first,
      lead(n.id) over item is null as is_last
    from in_force() as i
    cross join item_events as n
    cross join lateral analyze_under(n.raw_notification, i.rules, i.own_sellers) as a
    where n.event_time < until
      and (r.asin is null or n.asin = r.asin)
      and (r.marketplace is null or n.marketplace = r.marketplace)
      and (r.item_condition is null or n.item_condition = lower(r.item_condition))
    window item as (
      partition by n.asin, n.marketplace, n.item_condition
      order by
        n.event_time,
        n.notification_type = 'PRICING_HEALTH',
        moment(n.event_time, null, n.dedupe_hash)
    )
    order by
      n.asin, n.marketplace, n.item_condition, n.event_time,
      n.notification_type = 'PRICING_HEALTH', moment(n.event_time, null, n.dedupe_hash)
  loop
    if e.is_first then
      after := null;
      raised := '{}';
      headlines := '{}';
    end if;
    before := after;
    after := jsonb_populate_record(
      before,
      case
        when e.is_issue then jsonb_build_object(
          'pricing_issue', e.said -> 'pricing_issue',
          'reference_price', e.said -> 'reference_price',
          'pricing_issue_time', e.happened_at,
          'issue_dedupe_hash', e.dedupe_hash
        )
        else e.said - array['pricing_issue', 'reference_price'] || jsonb_build_object(
          'event_time', e.happened_at,
          'offers_dedupe_hash', e.dedupe_hash
        )
      end || jsonb_build_object(
        'asin', e.asin,
        'marketplace', e.marketplace,
        'item_condition', e.item_condition,
        'severity', e.severity
      )
    );

    latest := cardinality(raised);
    if alert_fires(r.kind, r.min_severity, before, after)
      and (latest = 0 or raised[latest] <= e.happened_at - r.cooldown) then
      raised := raised || e.happened_at;
      headlines := headlines || alert_headline(r.kind, before, after, (
        select i.title
        from items as i
        where i.asin = after.asin and i.marketplace = after.marketplace
      ));
      latest := latest + 1;
    end if;
    if alert_ends(r.kind, r.min_severity, before, after) then
      while latest > 0 and raised[latest] + r.hold > e.happened_at loop
        latest := latest - 1;
      end loop;
      raised := raised[:latest];
      headlines := headlines[:latest];
    end if;

    if e.is_last then
      return query
      select a.raised_at + r.hold, e.asin, e.marketplace, e.item_condition, a.headline
      from unnest(raised, headlines) as a (raised_at, headline)
      where a.raised_at + r.hold >= since and a.raised_at + r.hold < until;
    end if;
  end loop;
end
$$;

comment on function preview_alerts(text, timestamptz, timestamptz) is
'What a rule, active or not, would have sent from since until until: when (at, the time it was '
'due), about which item, and what. Each stored event counts as arriving at its event time, with '
'the state and the cooldown that came before it; severities as stored. Writes nothing. Reads the '
'whole history up to until, of the items that the rule is about. Raises OC104 for an unknown rule. '
'Example: select * from preview_alerts(''critical'', now() - interval ''7 days'', now())';
