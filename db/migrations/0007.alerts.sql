-- Alerts: what to tell of (alert_rules), what was found (alerts), and the outbox that tells it
-- (alert_deliveries).
-- depends: 0006.items-and-days

-- Whatever may stand here, no rule can make a message fail: a name fits an index, and an interval
-- cannot leave the range of times. (Its parts may be far apart and cancel out: the last two lines
-- keep them near.)
create table alert_rules (
  name text primary key,
  active boolean not null default true,
  kind text not null,
  min_severity text not null default 'high',
  asin text,
  marketplace text,
  item_condition text,
  hold interval not null default '0',
  cooldown interval not null default '1 hour',
  channel text not null default 'default',
  constraint alert_rules_name_check check (btrim(name) <> '' and length(name) <= 100),
  constraint alert_rules_kind_check check (kind in (
    'severity_raised', 'severity_cleared', 'buy_box_lost', 'buy_box_won', 'buy_box_suppressed',
    'undercut', 'own_offer_missing', 'pricing_issue'
  )),
  constraint alert_rules_min_severity_check check (
    min_severity in ('success', 'info', 'warning', 'high', 'critical')
  ),
  -- What a variable's name can end in: ALERT_URL_<CHANNEL>.
  constraint alert_rules_channel_check check (channel ~ '^[a-z0-9_]{1,50}$'),
  constraint alert_rules_hold_check check (
    hold between interval '0' and interval '30 days'
    and extract(year from hold) = 0 and abs(extract(day from hold)) <= 400
  ),
  constraint alert_rules_cooldown_check check (
    cooldown between interval '0' and interval '30 days'
    and extract(year from cooldown) = 0 and abs(extract(day from cooldown)) <= 400
  )
);

insert into alert_rules (name, kind, min_severity, hold) values
('critical', 'severity_raised', 'critical', '0'),
('buy box lost', 'buy_box_lost', default, '5 minutes'),
('pricing issue', 'pricing_issue', default, '0');

create table alert_deliveries (
  id bigint generated always as identity primary key,
  channel text not null,
  alert_ids bigint[] not null,
  title text not null,
  body text not null,
  status text not null default 'waiting',
  attempts integer not null default 0,
  attempts_before integer not null default 0,
  leased_until timestamptz default now(),
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  constraint alert_deliveries_status_check check (status in ('sending', 'waiting', 'sent', 'dead'))
);

-- claim_alerts looks for whose turn it is, among all that were ever sent.
create index alert_deliveries_open_idx
on alert_deliveries (leased_until) where status in ('sending', 'waiting');

create table alerts (
  id bigint generated always as identity primary key,
  rule text not null,
  kind text not null,
  asin text not null,
  marketplace text not null,
  item_condition text not null,
  severity text,
  headline text not null,
  details jsonb not null,
  notification_id uuid,
  event_time timestamptz,
  created_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  status text not null default 'pending',
  repeats integer not null default 0,
  delivery_id bigint constraint alerts_delivery_id_fkey references alert_deliveries (id),
  constraint alerts_kind_check check (kind in (
    'severity_raised', 'severity_cleared', 'buy_box_lost', 'buy_box_won', 'buy_box_suppressed',
    'undercut', 'own_offer_missing', 'pricing_issue'
  )),
  constraint alerts_severity_check check (
    severity in ('success', 'info', 'warning', 'high', 'critical')
  ),
  constraint alerts_status_check check (
    status in ('pending', 'sent', 'cancelled', 'expired', 'dead')
  )
);

-- An item's alerts, its last of a rule; and those not told yet, which are few.
create index alerts_item_idx on alerts (asin, created_at);
create index alerts_pending_idx on alerts (asin, due_at) where status = 'pending';
create index alerts_delivery_id_idx on alerts (delivery_id);

do $$
begin
  if to_regrole('buybox_alerter') is null then
    create role buybox_alerter nologin;
  end if;
exception
  when insufficient_privilege then
    raise notice 'this user may not create roles: buybox_alerter is left out';
  when duplicate_object or unique_violation then
    null;  -- another database's migration made it meanwhile
end
$$;
