-- Dynamic, so that each order has a plan of its own: one plan for all of them takes ten times as
-- long over 100,000 items. So does a sort of whole rows: it sorts the keys alone, for which they
-- have to fit in memory.
create or replace function sorted_items(
  severity text, marketplace text, search text, sort text, page integer
)
returns setof current_state
language plpgsql stable parallel restricted
set search_path = pg_catalog, public, pg_temp
set work_mem = '16MB'
as $$
declare
  sorts constant jsonb := item_orders();
  key constant text := ltrim(sort, '-');
begin
  if severity <> all (array['critical', 'high', 'warning', 'info', 'success']) then
    raise exception using
      errcode = '22023',
      message = format('there is no severity %L', severity),
      hint = 'There are: critical, high, warning, info, success.';
  elsif not sorts ? key then
    raise exception using
      errcode = '22023',
      message = format('items have no order by %L', key),
      hint = (
        select 'They have by: ' || string_agg(k.name, ', ') || '; with - before it, descending.'
        from jsonb_object_keys(sorts) as k (name)
      );
  elsif page < 1 then
    raise exception using
      errcode = '22023',
      message = 'there is no page ' || page,
      hint = 'The first one is page 1.';
  end if;

  return query execute format(
    'select c.*
    from (
      select k.*, row_number() over () as place
      from (
        select c.asin, c.marketplace, c.item_condition
        from find_items($1, $2, $3) as c
        order by
          %s %s nulls last, %s
          c.asin collate "C", c.marketplace collate "C", c.item_condition collate "C"
        limit 100 offset ($4 - 1) * 100::bigint
      ) as k
    ) as k
    inner join current_state as c using (asin, marketplace, item_condition)
    order by k.place',
    sorts ->> key,
    case when sort like '-%' then 'desc' else 'asc' end,
    case when key <> 'severity' then (sorts ->> 'severity') || ' nulls last,' end
  )
  using severity, marketplace, search, page;
end
$$;

comment on function sorted_items(text, text, text, text, integer) is
'One page of the items that find_items() finds: the hundred from 100 * (page - 1) on, in the order '
'of sort, descending with - before it; at equal values the worst come first. Raises 22023 for an '
'unknown severity or sort, and for a page under 1.';
