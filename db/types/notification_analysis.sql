create type notification_analysis as (
  notification_type text,
  has_state boolean,
  asin text,
  marketplace text,
  item_condition text,
  event_time timestamptz,
  publish_time timestamptz,
  amazon_notification_id text,
  your_price numeric,
  market_low numeric,
  prime_low numeric,
  buy_box_price numeric,
  competitive_price numeric,
  your_position integer,
  total_offers integer,
  buy_box_winner boolean,
  buy_box_seller text,
  buy_box_is_fba boolean,
  buy_box_suppressed boolean,
  sales_rank bigint,
  currency text,
  pricing_issue text,
  reference_price numeric,
  severity text
);

comment on type notification_analysis is
'What analyze_notification() says of one notification; it explains the columns.';
