-- The three roles at their work, and at what is none of it.
begin;
select plan(24);
\ir ../fixtures.psql

do $$
begin
  execute format('grant buybox_relay, buybox_ui, buybox_analyst to %I', current_user);
end
$$;

select is(r.outcome, 'processed', 'a state to begin with')
from ingest_notification('m', pg_temp.any_offer_changed('[]')::text) as r;

select lives_ok(
  format('set local role %s; %s; reset role', t.role, t.statement),
  format('%s: %s', t.role, t.description)
)
from (
  values
  (
    'buybox_relay', 'a message',
    $$select * from ingest_notification('r1', 'no JSON')$$
  ),
  (
    'buybox_relay', 'a batch',
    $$
    select r.*
    from (
      select m.message_id, m.body
      from unnest(array['r2', 'r3'], array[
        '{"NotificationType": "X"}',
        '{"NotificationType": "PRICING_HEALTH", "Payload": {"ASIN": "B0TEST0002"}}'
      ]) as m (message_id, body)
      order by ingest_order(m.body)
      offset 0
    ) as m
    cross join lateral ingest_notification(m.message_id, m.body) as r
    $$
  ),
  (
    'buybox_ui', 'the state',
    $$select your_price, severity from current_state where item_condition = 'new'$$
  ),
  (
    'buybox_analyst', 'a severity',
    $$select calculate_severity(12, 10, 4, 5, false)$$
  ),
  (
    'buybox_analyst', 'an analysis',
    $$
    select a.severity, o.rank
    from worker_notifications as n
    cross join lateral analyze_notification(n.raw_notification) as a
    left join lateral extract_offers(n.raw_notification) as o on true
    $$
  ),
  (
    'buybox_analyst', 'tables',
    $$select * from worker_failures, current_state, own_sellers$$
  ),
  (
    'buybox_analyst', 'new rules',
    $$insert into severity_rules (name, high_gap_pct) values ('mine', 25)$$
  ),
  (
    'buybox_analyst', 'other rules',
    $$update severity_rules set high_gap_pct = 30 where name = 'mine'$$
  )
) as t (role, description, statement);

select results_eq(
  $$select message_id from worker_notifications order by message_id$$,
  array['m', 'r2', 'r3'],
  'what the relay ingested is stored'
);
select results_eq(
  $$select message_id from worker_failures$$, array['r1'], 'and what failed is kept'
);

select throws_ok(
  format('set local role %s; %s', t.role, t.statement), '42501', null,
  format('not %s: %s', t.role, t.statement)
)
from (
  values
  ('buybox_relay', $$select * from current_state$$),
  ('buybox_relay', $$select message_id from worker_notifications$$),
  ('buybox_relay', $$select calculate_severity(12, 10, 4, 5, false)$$),
  ('buybox_ui', $$select * from worker_notifications$$),
  ('buybox_ui', $$update current_state set your_price = 1$$),
  ('buybox_ui', $$select * from ingest_notification('u', 'x')$$),
  ('buybox_analyst', $$delete from worker_notifications$$),
  ('buybox_analyst', $$insert into own_sellers values ('X')$$),
  ('buybox_analyst', $$select * from ingest_notification('a', 'x')$$),
  ('buybox_analyst', $$insert into severity_rules (name, active) values ('theirs', true)$$),
  ('buybox_analyst', $$update severity_rules set active = true where name = 'mine'$$)
) as t (role, statement);

-- A policy hides the active set from writing instead of refusing it.
select lives_ok(
  $$
  set local role buybox_analyst;
  update severity_rules set high_gap_pct = 11;
  delete from severity_rules;
  reset role
  $$,
  'the analyst changes and deletes every set he may'
);
select results_eq(
  $$select name, active, high_gap_pct from severity_rules$$,
  $$values ('default', true, 20::numeric)$$,
  'which leaves the active one as it was'
);

select * from finish();
rollback;
