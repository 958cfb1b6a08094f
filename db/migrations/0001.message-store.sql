-- The tables of the original worker, made where they are missing and adopted, rows and all, where
-- they stand. Whatever is added below is added the same way to both, so a fresh and an adopted
-- database end alike.
-- depends:

create table if not exists worker_notifications (
  id uuid primary key default gen_random_uuid(),
  message_id text not null constraint worker_notifications_message_id_key unique,
  dedupe_hash text not null constraint worker_notifications_dedupe_hash_key unique,
  asin text,
  marketplace text default 'A1F83G8C2ARO7P',
  raw_notification jsonb not null,
  notification_type text,
  event_time timestamptz,
  severity text,
  status text default 'new',
  processed_at timestamptz,
  received_at timestamptz default now(),
  trace_id text,
  worker_id text,
  created_at timestamptz default now()
);

create table if not exists current_state (
  asin text not null,
  marketplace text not null default 'A1F83G8C2ARO7P',
  your_price numeric(10, 2),
  market_low numeric(10, 2),
  prime_low numeric(10, 2),
  your_position integer,
  total_offers integer,
  buy_box_winner boolean default false,
  severity text,
  last_notification_id uuid,
  last_updated timestamptz default now(),
  constraint current_state_pkey primary key (asin, marketplace)
);

create table if not exists worker_failures (
  id uuid primary key default gen_random_uuid(),
  message_id text,
  raw_message jsonb,
  error_type text not null,
  error_message text,
  stack_trace text,
  failure_count integer default 1,
  first_failed_at timestamptz default now(),
  last_failed_at timestamptz default now()
);

alter table worker_notifications
add column if not exists item_condition text,
add column if not exists amazon_notification_id text,
add column if not exists publish_time timestamptz;

-- What the original stored bears its condition where Amazon writes it.
update worker_notifications
set item_condition = lower(coalesce(
  nullif(btrim(raw_notification
    #>> '{Payload,AnyOfferChangedNotification,OfferChangeTrigger,ItemCondition}'), ''),
  nullif(btrim(raw_notification
    #>> '{payload,anyOfferChangedNotification,offerChangeTrigger,itemCondition}'), ''),
  nullif(btrim(raw_notification #>> '{payload,offerChangeTrigger,itemCondition}'), ''),
  'new'
))
where item_condition is null;

-- The hashes and times are what orders a register; "C" because an order of digits must not hang on
-- a locale.
alter table current_state
add column if not exists item_condition text not null default 'new',
add column if not exists event_time timestamptz,
add column if not exists currency text,
add column if not exists buy_box_price numeric(10, 2),
add column if not exists pricing_issue text,
add column if not exists pricing_issue_time timestamptz,
add column if not exists offers_dedupe_hash text collate "C",
add column if not exists issue_dedupe_hash text collate "C";

alter table worker_failures
add column if not exists dedupe_hash text,
add column if not exists trace_id text,
add column if not exists worker_id text,
add column if not exists resolved_at timestamptz;

-- New and used offers of one ASIN are separate events, so the condition belongs to the key:
-- whatever else kept a row an item (asin, marketplace) alone gives way.
do $$
declare
  old_key record;
  item_key constant text := 'PRIMARY KEY (asin, marketplace, item_condition)';
begin
  for old_key in
    select c.conname
    from pg_constraint as c
    where c.conrelid = 'current_state'::regclass
      and (
        (c.contype = 'p' and pg_get_constraintdef(c.oid) <> item_key)
        or (c.contype = 'u' and pg_get_constraintdef(c.oid) ~ '^UNIQUE \((asin|marketplace|, )+\)')
      )
  loop
    execute format('alter table current_state drop constraint %I', old_key.conname);
  end loop;
  if not exists (
    select from pg_constraint where conrelid = 'current_state'::regclass and contype = 'p'
  ) then
    alter table current_state
    add constraint current_state_pkey primary key (asin, marketplace, item_condition);
  end if;
end
$$;

-- What an adopted row shows is as old as the notification that it came from.
update current_state as c
set
  item_condition = n.item_condition,
  event_time = least(n.event_time, n.received_at),
  offers_dedupe_hash = n.dedupe_hash
from worker_notifications as n
where n.id = c.last_notification_id and c.event_time is null and c.pricing_issue_time is null;

-- One row a message: the original kept one a failure. The newest tells why, the counts are added
-- up.
with merged as (
  select
    w.message_id,
    sum(coalesce(w.failure_count, 1)) as failure_count,
    min(w.first_failed_at) as first_failed_at,
    max(w.last_failed_at) as last_failed_at,
    (array_agg(w.ctid order by w.last_failed_at desc nulls last, w.ctid desc))[1] as kept
  from worker_failures as w
  where w.message_id is not null
  group by w.message_id
  having count(*) > 1
),

removed as (
  delete from worker_failures as w
  using merged as m
  where w.message_id = m.message_id and w.ctid <> m.kept
)

update worker_failures as w
set
  failure_count = m.failure_count,
  first_failed_at = m.first_failed_at,
  last_failed_at = m.last_failed_at
from merged as m
where w.ctid = m.kept;

update worker_failures
set dedupe_hash = encode(sha256(convert_to(raw_message #>> '{}', 'UTF8')), 'hex')
where dedupe_hash is null and jsonb_typeof(raw_message) = 'string';

-- The original's rows may break a rule or point at a notification long gone: such a constraint then
-- holds for new rows only, and says so.
do $$
declare
  added record;
  severities constant text := $list$('success', 'info', 'warning', 'high', 'critical')$list$;
begin
  for added in
    select *
    from (
      values
      ('worker_notifications', 'worker_notifications_status_check',
        $list$check (status in ('new', 'processing', 'completed', 'failed'))$list$),
      ('worker_notifications', 'worker_notifications_severity_check',
        'check (severity in ' || severities || ')'),
      ('current_state', 'current_state_severity_check', 'check (severity in ' || severities || ')'),
      ('current_state', 'current_state_last_notification_id_fkey',
        'foreign key (last_notification_id) references worker_notifications (id)'),
      ('worker_notifications', 'worker_notifications_message_id_key', 'unique (message_id)'),
      ('worker_notifications', 'worker_notifications_dedupe_hash_key', 'unique (dedupe_hash)'),
      ('worker_failures', 'worker_failures_message_id_key', 'unique (message_id)')
    ) as v (table_name, constraint_name, definition)
  loop
    if exists (
      select from pg_constraint as c
      where c.conrelid = added.table_name::regclass
        and (c.conname = added.constraint_name
          or (c.contype in ('f', 'u')
            and pg_get_constraintdef(c.oid) ilike added.definition || '%'))
    ) then
      continue;
    elsif added.definition like 'unique%' then
      execute format(
        'alter table %I add constraint %I %s',
        added.table_name, added.constraint_name, added.definition
      );
      continue;
    end if;
    execute format(
      'alter table %I add constraint %I %s not valid',
      added.table_name, added.constraint_name, added.definition
    );
    begin
      execute format(
        'alter table %I validate constraint %I', added.table_name, added.constraint_name
      );
    exception when check_violation or foreign_key_violation then
      raise notice '% holds for new rows only: %', added.constraint_name, sqlerrm;
    end;
  end loop;
end
$$;

-- The original's index on message_id repeats its unique constraint's own.
do $$
declare
  redundant regclass;
begin
  for redundant in
    select i.indexrelid::regclass
    from pg_index as i
    inner join pg_attribute as a on i.indrelid = a.attrelid and i.indkey[0] = a.attnum
    where i.indrelid = 'worker_notifications'::regclass
      and a.attname = 'message_id' and i.indnatts = 1 and not i.indisunique
  loop
    execute format('drop index %s', redundant);
  end loop;
end
$$;

-- price_history, buy_box_share and rebuild_current_state of one item; prune_notifications looks up
-- the newest by it.
create index if not exists worker_notifications_item_idx
on worker_notifications (asin, marketplace, item_condition, event_time);

-- Time windows: rows arrive in this order, so a BRIN index does at next to no cost.
create index if not exists worker_notifications_received_at_idx
on worker_notifications using brin (received_at);

-- Without it every deleted notification would scan current_state for rows that point at it.
create index if not exists current_state_last_notification_id_idx
on current_state (last_notification_id);

-- Ingest asks for every message whether its body has failed before.
create index if not exists worker_failures_open_dedupe_hash_idx
on worker_failures (dedupe_hash) where resolved_at is null;

-- lz4 costs less time than pglz at nearly its size; a server built without it keeps pglz.
do $$
begin
  alter table worker_notifications alter column raw_notification set compression lz4;
exception when feature_not_supported then
  raise notice 'this server has no lz4: raw_notification is compressed by pglz';
end
$$;
