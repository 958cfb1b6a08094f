-- What a seller asks of an item beside its prices: who holds the buy box, whether there is one,
-- what Amazon compares with, how it sells.
-- depends: 0004.roles

alter table current_state
add column buy_box_seller text,
add column buy_box_is_fba boolean,
add column buy_box_suppressed boolean,
add column competitive_price numeric(10, 2),
add column sales_rank bigint,
add column reference_price numeric(10, 2);

-- A table and not a column: among what the original worker stored are rows that break today's
-- checks, and such a row cannot be updated.
create table unreadable_notifications (id uuid primary key);

-- A name of blanks of any kind is none.
alter table severity_rules drop constraint severity_rules_name_check;
alter table severity_rules add constraint severity_rules_name_check
check (name ~ '[^[:space:]]');

do $$
begin
  if exists (select from current_state) then
    raise notice 'current_state has new columns: make rebuild fills them for the rows that stand';
  end if;
end
$$;
