-- What the page searches of an item, folded when the seller writes it: to fold 100,000 titles at
-- each search takes four times as long as to look through them. Ingest never writes this table.
-- depends: 0008.page-role

alter table items add column search_text text
generated always as (lower(coalesce(sku, '') || ' ' || coalesce(title, ''))) stored;
