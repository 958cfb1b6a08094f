-- With what db/migrate.py built on the columns, which its next run builds again.
drop index item_days_day_idx;
create index item_days_day_idx on item_days (day);

alter table item_days
drop column offers_hash cascade,
drop column severity_hash cascade;
