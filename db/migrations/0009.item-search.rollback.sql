-- With what db/migrate.py built on it, which its next run builds again.
alter table items drop column search_text cascade;
