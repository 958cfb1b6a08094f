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

-- What the original worker stored and nothing can be read of: see mark_unreadable().
alter table worker_notifications add column unreadable boolean not null default false;

do $$
begin
  if exists (select from current_state) then
    raise notice 'current_state has new columns: make rebuild fills them for the rows that stand';
  end if;
end
$$;
