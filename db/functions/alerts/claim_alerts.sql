-- Two alerters and ingest run beside it: it waits for locks on alerts only at the start, before it
-- holds any, and from then on takes what is free.
create or replace function claim_alerts(channels text[], max_deliveries integer default 10)
returns table (
  delivery_id bigint, attempt integer, channel text, title text, body text, payload jsonb
)
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
  lease constant interval := interval '2 minutes';
  expired_before constant timestamptz := now() - interval '6 hours';  -- of due_at
  expired bigint[];
  worn_out bigint[];
  elsewhere text;
begin
  channels := coalesce(channels, '{}');

  -- What time has ended: expired, or its last attempt unanswered.
  select
    coalesce(array_agg(d.id) filter (where d.expired), '{}'),
    coalesce(array_agg(d.id) filter (where d.expired is not true), '{}')
  into expired, worn_out
  from (
    select d.id, due.latest <= expired_before as expired
    from alert_deliveries as d
    cross join lateral (
      select max(a.due_at) as latest from alerts as a where a.delivery_id = d.id
    ) as due
    where d.status in ('waiting', 'sending')
      and (d.status = 'waiting' or d.leased_until <= now())
      and (
        due.latest <= expired_before
        or (d.status = 'sending' and d.attempts - d.attempts_before >= 8)
      )
    for update of d skip locked
  ) as d;
  perform lock_alerts(expired || worn_out);
  perform end_deliveries(expired, 'expired', 'expired');
  perform end_deliveries(worn_out, 'dead', 'no answer within the lease');

  -- What is due: its rule, as it is now, says where to; without one it is cancelled.
  with due as (
    select a.*, r.channel
    from alerts as a
    left join alert_rules as r on a.rule = r.name and r.active
    where a.status = 'pending'
      and a.delivery_id is null
      and a.due_at <= now()
      and (r.name is null or a.due_at <= expired_before or r.channel = any (channels))
    for update of a skip locked
  ),

  closed as (
    update alerts as a
    set status = case when due.channel is null then 'cancelled' else 'expired' end
    from due
    where a.id = due.id and (due.channel is null or due.due_at <= expired_before)
  ),

  sorted as (
    select
      due.*,
      count(*) over (partition by due.channel) as on_channel,
      row_number() over (
        partition by due.channel order by severity_rank(due.severity) desc nulls last, due.id
      ) as place
    from due
    where due.channel is not null and due.due_at > expired_before
  ),

  made as (
    insert into alert_deliveries (channel, alert_ids, title, body)
    select
      s.channel,
      array_agg(s.id order by s.place),
      case
        when count(*) = 1 then min(s.rule || ': ' || s.asin)
        else left(count(*) || ' alerts: ' || string_agg(distinct s.rule, ', '), 100)
      end,
      concat_ws(
        e'\n',
        string_agg(
          format(
            '%s (%s%s%s)', s.headline, s.marketplace,
            to_char(s.event_time, '", "YYYY-MM-DD HH24:MI "UTC"'),
            case when s.repeats > 0 then format(', again %s times since', s.repeats) end
          ),
          e'\n' order by s.place
        ) filter (where s.place <= 10),
        'and ' || nullif(greatest(count(*) - 10, 0), 0) || ' more'
      )
    from sorted as s
    group by s.channel, case when s.on_channel <= 5 then s.id end
    order by min(s.id)
    returning id, alert_ids
  )

  update alerts as a
  set delivery_id = made.id
  from made
  where a.id = any (made.alert_ids);

  select string_agg(c.channel, ', ' order by c.channel)
  into elsewhere
  from (
    select r.channel
    from alerts as a
    inner join alert_rules as r on a.rule = r.name
    where a.status = 'pending' and a.delivery_id is null and a.due_at <= now()
    union
    select d.channel
    from alert_deliveries as d
    where d.status in ('waiting', 'sending') and d.leased_until <= now()
  ) as c
  where c.channel <> all (channels);
  if elsewhere is not null then
    raise notice 'alerts are due on channels that were not given: %', elsewhere;
  end if;

  -- Whose turn it is. A lapsed lease was a failed attempt, whose pause began with it.
  return query
  with turn as (
    select d.id, d.status
    from alert_deliveries as d
    where d.status in ('waiting', 'sending')
      and d.leased_until <= now()
      and d.channel = any (channels)
      and d.attempts - d.attempts_before < 8
      and (
        d.status = 'waiting'
        or d.leased_until - lease + retry_pause(d.attempts - d.attempts_before) <= now()
      )
    order by d.leased_until, d.id
    limit max_deliveries
    for update skip locked
  ),

  taken as (
    update alert_deliveries as d
    set
      status = 'sending',
      attempts = d.attempts + 1,
      leased_until = now() + lease,
      last_error = case turn.status when 'sending' then 'no answer within the lease'
        else d.last_error end
    from turn
    where d.id = turn.id
    returning d.*
  )

  select
    t.id,
    t.attempts,
    t.channel,
    t.title,
    t.body,
    jsonb_build_object(
      'type', case when cardinality(t.alert_ids) = 1 then 'alert' else 'digest' end,
      'timestamp', t.created_at,
      'data', jsonb_build_object(
        'title', t.title,
        'body', t.body,
        'alerts', (
          -- A receiver may refuse a body of megabytes: before and after only of a single alert,
          -- and of a digest the gravest.
          select jsonb_agg(
            to_jsonb(a) - case when cardinality(t.alert_ids) > 1 then 'details' else '' end
            - array['status', 'delivery_id']
            order by i.place
          )
          from unnest(t.alert_ids) with ordinality as i (alert_id, place)
          inner join alerts as a on i.alert_id = a.id
          where i.place <= 500
        )
      )
    )
  from taken as t
  order by t.id;
end
$$;

comment on function claim_alerts(text[], integer) is
'Makes deliveries of the alerts that are due on these channels, one each, or one digest a channel '
'where they are more than five; and takes up to max_deliveries (all where null) of those whose '
'turn it is, for two minutes: send each, then call finish_alert() with its delivery_id and '
'attempt. payload is for machines: {type: alert or digest, timestamp, data: {title, body, '
'alerts}}, with the 500 gravest alerts at most. A notice names channels with something due that '
'were not given. Whoever else calls it gets other deliveries. What was not sent six hours after it '
'was due expires; an alert whose rule is gone or inactive is cancelled. '
'Example: select * from claim_alerts(array[''default''])';
