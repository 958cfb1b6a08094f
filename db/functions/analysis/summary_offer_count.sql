create or replace function summary_offer_count(summary jsonb, item_condition text)
returns integer
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  value jsonb := member(summary, 'NumberOfOffers');
  counts constant jsonb := read_array(value, 'Summary.NumberOfOffers');
  entry jsonb;
  offers numeric;
  total numeric;
begin
  for i in 0 .. coalesce(jsonb_array_length(counts), 0) - 1 loop
    entry := read_object(counts -> i, 'NumberOfOffers[]');
    value := member(entry, 'Condition');
    continue when item_condition
      is distinct from lower(read_text(value, 'NumberOfOffers[].Condition'));
    value := member(entry, 'OfferCount');
    offers := read_amount(value, 'NumberOfOffers[].OfferCount');
    total := coalesce(total + offers, offers, total);
  end loop;
  if total > 2147483647 then
    raise exception using
      errcode = 'OC005',
      message = format('NumberOfOffers counts %s offers, which no integer holds', total),
      hint = 'total_offers is an integer: at most 2147483647.';
  end if;
  return total::integer;
end
$$;

comment on function summary_offer_count(jsonb, text) is
'How many offers of that condition (lower case) a notification''s Summary counts, added over the '
'fulfillment channels; null where it counts none. Offers lists at most 20, the summary all. '
'Raises OC005 beyond integer, OC003 and OC005 as the readers do.';
