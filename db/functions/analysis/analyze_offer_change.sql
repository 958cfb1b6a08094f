create or replace function analyze_offer_change(payload jsonb, own_sellers text[])
returns setof notification_analysis
language sql stable parallel safe
rows 1
begin atomic
  select
    'ANY_OFFER_CHANGED' as notification_type,
    true as has_state,
    c.asin,
    c.marketplace,
    c.item_condition,
    c.change_time as event_time,
    null::timestamptz as publish_time,
    null::text as amazon_notification_id,
    o.your_price,
    o.market_low,
    o.prime_low,
    coalesce(b.price, o.winning_price) as buy_box_price,
    amount_of(((c.summary)."CompetitivePriceThreshold")."Amount") as competitive_price,
    case
      when o.your_price is not null then 1 + (
        select count(*)::integer
        from unnest(o.landed_prices) as p (price)
        where p.price < o.your_price
      )
    end as your_position,
    greatest(
      o.listed,
      (
        select sum(amount_of(n."OfferCount"))
        from unnest((c.summary)."NumberOfOffers") as n
        where lower(text_of(n."Condition") collate "C") = c.item_condition
      )
    )::integer as total_offers,
    o.is_won_by_you as buy_box_winner,
    w.seller_id as buy_box_seller,
    w.is_fba as buy_box_is_fba,
    case
      when c.item_condition in ('new', 'used')
        then (c.summary is distinct from null) and o.listed > 0 and b.entries = 0 and not o.is_won
    end as buy_box_suppressed,
    amount_of((c.summary)."SalesRankings"[1]."Rank")::bigint as sales_rank,
    case
      when o.first_currency <> o.last_currency then refuse(
        'OC006',
        format(
          'the offers are in two currencies, %s and %s',
          left(o.first_currency, 20), left(o.last_currency, 20)
        ),
        'Prices in different currencies cannot be added up or ranked.'
      )
      else o.currency
    end as currency,
    null::text as pricing_issue,
    null::numeric as reference_price,
    null::text as severity
  from read_offer_change(payload) as c
  cross join lateral (
    select
      count(*) as listed,
      array_agg(p.landed_price) as landed_prices,
      min(p.landed_price) filter (where p.is_own) as your_price,
      min(p.landed_price) as market_low,
      min(p.landed_price) filter (where p.is_fba or p.is_prime) as prime_low,
      min(p.landed_price) filter (where p.is_buy_box_winner) as winning_price,
      bool_or(p.is_buy_box_winner) as is_won,
      coalesce(bool_or(p.is_buy_box_winner and p.is_own), false) as is_won_by_you,
      -- spelt out, because a whole row would be made of every offer, not of the winners alone
      array_agg(
        row(
          p.ordinal, p.seller_id, p.listing_price, p.shipping, p.landed_price, p.currency,
          p.shipping_currency, p.is_prime, p.is_fba, p.is_buy_box_winner, p.is_own
        )::priced_offer
      ) filter (where p.is_buy_box_winner) as winners,
      -- one message has one currency, so any priced offer's is the own offer's
      min(p.currency) filter (where p.landed_price is not null) as currency,
      min(least(p.currency, p.shipping_currency)) as first_currency,
      max(greatest(p.currency, p.shipping_currency)) as last_currency
    from priced_offers(c.offers, own_sellers, c.seller_id, c.marketplace) as p
  ) as o
  cross join lateral buy_box_entries(c.summary, c.marketplace, c.item_condition) as b
  cross join lateral buy_box_holder(o.winners) as w;
end;

comment on function analyze_offer_change(jsonb, text[]) is
'What an ANY_OFFER_CHANGED says, by its Payload in PascalCase and the ids of your sellers (beside '
'the one that it names): analyze_under() without what is the same for every type. event_time is '
'the trigger''s. Raises OC006 where listing or shipping prices are in two currencies.';
