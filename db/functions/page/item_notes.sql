create or replace function item_notes(item current_state)
returns table (
  title text,
  severity_note text,
  marketplace_note text,
  market_low_note text,
  buy_box_price_note text,
  updated timestamptz
)
language sql stable parallel safe
begin atomic
  select
    i.title,
    case when c.pricing_issue_time >= c.event_time then c.pricing_issue end as severity_note,
    marketplace_country(c.marketplace) as marketplace_note,
    case
      when c.your_price > c.market_low
        then 'you +' || round(price_gap(c.your_price, c.market_low)) || ' %'
    end as market_low_note,
    case
      when c.buy_box_winner then 'yours'
      when c.buy_box_suppressed then 'suppressed'
      else c.buy_box_seller || case when c.buy_box_is_fba then ', FBA' else '' end
    end as buy_box_price_note,
    greatest(c.event_time, c.pricing_issue_time) as updated
  from (select (item_notes.item).*) as c
  left join items as i on c.asin = i.asin and c.marketplace = i.marketplace;
end;

comment on function item_notes(current_state) is
'What the page says beside an item''s figures: what it is called, a pricing issue not older than '
'the offers, the country, how far you are above the market''s lowest (as you +20 %), who holds '
'the buy box (yours, suppressed, or the seller''s id), and when the newest of it happened.';
