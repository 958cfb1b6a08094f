create or replace view days_report as
select
  d.marketplace,
  d.day,
  count(*) as items,
  sum(d.events) as events,
  sum(d.buy_box_seconds) as buy_box_seconds,
  sum(d.known_seconds) as known_seconds,
  sum(d.buy_box_seconds) / nullif(sum(d.known_seconds), 0) as buy_box_share,
  sum(d.buy_box_won) as buy_box_won,
  sum(d.buy_box_lost) as buy_box_lost,
  sum(d.success_s) as success_s,
  sum(d.info_s) as info_s,
  sum(d.warning_s) as warning_s,
  sum(d.high_s) as high_s,
  sum(d.critical_s) as critical_s,
  sum(d.pricing_issues) as pricing_issues
from item_days as d
group by d.marketplace, d.day;

comment on view days_report is
'item_days summed, a row a marketplace and UTC day: how many items, and the sums of their events '
'and seconds; buy_box_share (0 to 1) is buy_box_seconds of known_seconds.';
