create or replace function buy_box_changes(
  since timestamptz, until timestamptz, asin text default null
)
returns table (
  event_time timestamptz,
  asin text,
  marketplace text,
  item_condition text,
  old_seller text,
  new_seller text,
  new_is_fba boolean,
  old_price numeric,
  new_price numeric,
  your_price numeric,
  change text
)
language sql stable parallel safe
begin atomic
  with turns as (
    select
      e.event_time,
      e.asin,
      e.marketplace,
      e.item_condition,
      lag(a.buy_box_seller) over item as old_seller,
      a.buy_box_seller as new_seller,
      a.buy_box_is_fba as new_is_fba,
      lag(a.buy_box_price) over item as old_price,
      a.buy_box_price as new_price,
      a.your_price,
      lag(a.buy_box_winner) over item as was_yours,
      a.buy_box_winner as is_yours,
      coalesce(lag(a.buy_box_suppressed) over item, false) as was_suppressed,
      coalesce(a.buy_box_suppressed, false) as is_suppressed
    from in_force() as i
    cross join offer_events(
      buy_box_changes.since, buy_box_changes.until, buy_box_changes.asin
    ) as e
    cross join lateral analyze_offers(e.raw_notification, i.own_sellers) as a
    window item as (partition by e.item order by e.event)
  ),

  changes as (
    select
      t.*,
      case
        when t.was_yours is null then null
        when t.is_suppressed and t.was_suppressed then null
        when t.is_suppressed then 'suppressed'
        when t.was_suppressed then 'restored'
        when t.was_yours and not t.is_yours then 'lost'
        when t.is_yours and not t.was_yours then 'won'
        when not t.is_yours and t.new_seller <> t.old_seller then 'passed'
      end as change
    from turns as t
  )

  select
    c.event_time,
    c.asin,
    c.marketplace,
    c.item_condition,
    c.old_seller,
    c.new_seller,
    c.new_is_fba,
    c.old_price,
    c.new_price,
    c.your_price,
    c.change
  from changes as c
  where c.change is not null
  order by c.event_time, c.asin, c.marketplace, c.item_condition;
end;

comment on function buy_box_changes(timestamptz, timestamptz, text) is
'Who took which buy box: a row where it changed from one ANY_OFFER_CHANGED of an item to the next, '
'the later of which is of since <= event_time < until; of one ASIN or of all. change: lost (you '
'held it), won (you hold it; the other side may be unknown), passed (from one known other to '
'another), or suppressed and restored, whoever is concerned. old_price and new_price are '
'buy_box_price before and after, your_price the one after: landed, in currency, not rounded. An '
'item''s first notification is no change.';
