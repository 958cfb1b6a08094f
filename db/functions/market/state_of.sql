create or replace function state_of(asin text, marketplace text, item_condition text)
returns setof current_state
language plpgsql stable parallel safe
rows 1
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
  select c.*
  from current_state as c
  where c.asin = state_of.asin
    and c.item_condition = lower(state_of.item_condition)
    and (state_of.marketplace is null or c.marketplace = state_of.marketplace);
  if not found then
    raise exception using
      errcode = 'OC102',
      message = format(
        'current_state has no row of %L (marketplace %s, condition %s)',
        state_of.asin, coalesce(state_of.marketplace, 'any'), state_of.item_condition
      ),
      hint = 'select asin, marketplace, item_condition from current_state; lists the items.';
  end if;
end
$$;

comment on function state_of(text, text, text) is
'The row of current_state of an item, of each marketplace where that is null. Raises OC102 where '
'there is none.';
