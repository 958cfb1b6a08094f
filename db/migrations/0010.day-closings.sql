-- The hashes complete the moments at which a day closed: a late event in the very millisecond of
-- one that was pruned finds its place.
-- depends: 0009.item-search

alter table item_days
add column offers_hash text collate "C",
add column severity_hash text collate "C";

-- With the asin, for a plan that is made while the table is empty takes this index also for one
-- item's day.
drop index item_days_day_idx;
create index item_days_day_idx on item_days (day, asin);
