-- A loop and not rank(): for one price a sort and a window cost more than the rest of its analysis.
create or replace function price_rank(landed_price numeric, landed_prices numeric[])
returns integer
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  other_price numeric;
  lower_prices integer := 0;
begin
  if landed_price is null then
    return null;
  end if;
  foreach other_price in array landed_prices loop
    if other_price < landed_price then
      lower_prices := lower_prices + 1;
    end if;
  end loop;
  return 1 + lower_prices;
end
$$;

comment on function price_rank(numeric, numeric[]) is
'The position of a landed price among those of all offers: 1 + the number of strictly lower ones. '
'Null where it is null; prices that are null do not count.';
