-- A day is made of states, each from its event to the next. Pruning may have taken the event that
-- stood at midnight: what it said, and its place among the others, is in the row of the day before.
create or replace function day_of_item(
  asin text, marketplace text, item_condition text, day date
)
returns setof item_days
language sql stable parallel safe
rows 1
begin atomic
  -- Offers last until the next offers, a severity until the next event of either type.
  with eve as (
    select d.*
    from item_days as d
    where d.asin = day_of_item.asin
      and d.marketplace = day_of_item.marketplace
      and d.item_condition = day_of_item.item_condition
      and d.day = day_of_item.day - 1
  ),

  happened as (
    select s.*, false as is_stored
    from eve as d
    cross join lateral (
      values
      (
        true, d.offers_time, false, moment(d.offers_time, null, d.offers_hash),
        d.your_close, d.market_close, d.buy_box_close, null
      ),
      (
        false, d.severity_time, d.severity_hash is distinct from d.offers_hash,
        moment(d.severity_time, null, d.severity_hash), null, null, null, d.severity_close
      )
    ) as s (
      of_offers, at, is_issue, moment, your_price, market_low, buy_box_winner, severity
    )
    where s.at is not null
    union all
    select
      s.of_offers,
      e.event_time,
      e.notification_type = 'PRICING_HEALTH' as is_issue,
      e.moment,
      s.your_price,
      s.market_low,
      s.buy_box_winner,
      s.severity,
      true as is_stored
    from in_force() as i
    cross join item_events as e
    left join lateral analyze_offers(e.raw_notification, i.own_sellers) as a
      on e.notification_type = 'ANY_OFFER_CHANGED'
    cross join lateral (
      values
      (true, a.your_price, a.market_low, a.buy_box_winner, null),
      (false, null, null, null, e.severity)
    ) as s (of_offers, your_price, market_low, buy_box_winner, severity)
    where e.asin = day_of_item.asin
      and e.marketplace = day_of_item.marketplace
      and e.item_condition = day_of_item.item_condition
      and e.event_time >= coalesce(
        -- offers that came late may be older than any issue
        (select coalesce(d.offers_time, '-infinity') from eve as d),
        utc_midnight(day_of_item.day)
      )
      and e.event_time < utc_midnight(day_of_item.day + 1)
      and (e.notification_type = 'ANY_OFFER_CHANGED' or not s.of_offers)
  ),

  states as (
    select
      h.*,
      h.at >= utc_midnight(day_of_item.day) as begins,
      h.at < utc_midnight(day_of_item.day) or lag(h.at) over kind is null as opens,
      lead(h.at) over kind is null as closes,
      lag(h.buy_box_winner) over kind as had_won,
      lead(h.at, 1, utc_midnight(day_of_item.day + 1)) over kind as until
    from happened as h
    window kind as (
      partition by h.of_offers
      -- one that is read again comes after what was kept of it
      order by h.at, h.is_issue, h.moment, h.is_stored
    )
  ),

  parts as (
    select
      s.*,
      extract(epoch from s.until - greatest(s.at, utc_midnight(day_of_item.day))) as seconds
    from states as s
    where s.until >= utc_midnight(day_of_item.day)
  )

  select
    day_of_item.asin,
    day_of_item.marketplace,
    day_of_item.item_condition,
    day_of_item.day,
    count(*) filter (where p.of_offers and p.begins) as events,
    max(p.your_price) filter (where p.opens) as your_open,
    min(p.your_price) as your_low,
    max(p.your_price) as your_high,
    max(p.your_price) filter (where p.closes) as your_close,
    min(p.market_low) as market_low,
    max(p.market_low) filter (where p.closes) as market_close,
    coalesce(sum(p.seconds) filter (where p.buy_box_winner), 0) as buy_box_seconds,
    coalesce(sum(p.seconds) filter (where p.of_offers), 0) as known_seconds,
    count(*) filter (where p.begins and p.buy_box_winner and not p.had_won) as buy_box_won,
    count(*) filter (where p.begins and p.had_won and not p.buy_box_winner) as buy_box_lost,
    coalesce(sum(p.seconds) filter (where p.severity = 'success'), 0) as success_s,
    coalesce(sum(p.seconds) filter (where p.severity = 'info'), 0) as info_s,
    coalesce(sum(p.seconds) filter (where p.severity = 'warning'), 0) as warning_s,
    coalesce(sum(p.seconds) filter (where p.severity = 'high'), 0) as high_s,
    coalesce(sum(p.seconds) filter (where p.severity = 'critical'), 0) as critical_s,
    count(*) filter (where p.is_issue and p.begins) as pricing_issues,
    bool_or(p.buy_box_winner) filter (where p.closes) as buy_box_close,
    max(p.at) filter (where p.of_offers and p.closes) as offers_time,
    max(p.severity) filter (where p.closes) as severity_close,
    max(p.at) filter (where not p.of_offers and p.closes) as severity_time,
    false as final,
    max((p.moment).dedupe_hash) filter (where p.of_offers and p.closes) as offers_hash,
    max((p.moment).dedupe_hash) filter (where not p.of_offers and p.closes) as severity_hash
  from parts as p
  having count(*) > 0;
end;

comment on function day_of_item(text, text, text, date) is
'The row of item_days of an item and UTC day, by its row of the day before and what is stored '
'since. No row where nothing is known by the day''s end.';
