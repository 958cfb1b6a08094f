-- A batch is one event, though it may write an item's offers and its issue one after the other:
-- then raise_alerts() waits for the issue and compares with what stood before both. That is noted
-- here, when the batch is stored and not yet applied.
create or replace function note_issue()
returns trigger
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  item constant text[] := array[row(new.asin, new.marketplace, new.item_condition)::text];
  noted constant jsonb := coalesce(nullif(current_setting('buybox.issues', true), ''), '{}')::jsonb;
begin
  -- First what most are: without offers in the same batch.
  if not exists (
    select from arrived as a
    where a.asin = new.asin
      and a.marketplace = new.marketplace
      and a.item_condition = new.item_condition
      and a.notification_type = 'ANY_OFFER_CHANGED'
  )
  or moment(new.event_time, new.received_at, new.dedupe_hash)
  <= jsonb_populate_record(null::event_moment, noted #> item -> 'moment') then
    return null;
  end if;
  perform set_config('buybox.issues', jsonb_set(noted, item, jsonb_build_object(
    'moment', moment(new.event_time, new.received_at, new.dedupe_hash),
    'before', (
      select c
      from current_state as c
      where c.asin = new.asin
        and c.marketplace = new.marketplace
        and c.item_condition = new.item_condition
    )
  ))::text, true);
  return null;
end
$$;

comment on function note_issue() is
'Trigger of worker_notifications, for PRICING_HEALTH: notes for raise_alerts(), until the '
'transaction ends, the newest of each item of which the batch has offers, too, and what '
'current_state held before.';
