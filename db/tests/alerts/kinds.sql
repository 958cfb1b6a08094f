-- What fires and what ends, by the item before and after. Each case is a change of a row; what it
-- does not name stays as in the first line.
begin;
select plan(90);

create function pg_temp.item(members jsonb)
returns current_state
language sql
return case when members is not null then jsonb_populate_record(
  null::current_state,
  '{"asin": "B0TEST0001", "marketplace": "A1F83G8C2ARO7P", "item_condition": "new",
    "event_time": "2026-01-01T10:00Z", "offers_dedupe_hash": "a", "severity": "info",
    "your_price": 10, "market_low": 10, "your_position": 1, "total_offers": 5,
    "buy_box_winner": false, "buy_box_suppressed": false, "currency": "GBP"}' || members
) end;

create temporary table cases (kind text, before jsonb, after jsonb, fires boolean, ends boolean)
on commit drop;
insert into cases values
('severity_raised', '{}', '{"severity": "high"}', true, false),
('severity_raised', '{}', '{"severity": "critical"}', true, false),
('severity_raised', '{}', '{"severity": "warning"}', false, true),
('severity_raised', '{"severity": "high"}', '{"severity": "critical"}', false, false),
('severity_raised', '{"severity": "critical"}', '{"severity": "high"}', false, false),
('severity_raised', '{"severity": "high"}', '{"severity": "info"}', false, true),
('severity_raised', null, '{"severity": "high"}', true, false),
('severity_raised', null, '{"severity": "warning"}', false, true),
('severity_cleared', '{"severity": "high"}', '{"severity": "warning"}', true, false),
('severity_cleared', '{"severity": "critical"}', '{"severity": "high"}', false, true),
('severity_cleared', '{"severity": "warning"}', '{"severity": "info"}', false, false),
('severity_cleared', null, '{"severity": "info"}', false, false),

('buy_box_lost', '{"buy_box_winner": true}', '{}', true, false),
('buy_box_lost', '{}', '{}', false, false),
('buy_box_lost', '{}', '{"buy_box_winner": true}', false, true),
('buy_box_lost', null, '{}', false, false),
('buy_box_won', '{}', '{"buy_box_winner": true}', true, false),
('buy_box_won', '{"buy_box_winner": true}', '{"buy_box_winner": true}', false, false),
('buy_box_won', '{"buy_box_winner": true}', '{}', false, true),
('buy_box_won', null, '{"buy_box_winner": true}', false, false),
('buy_box_won', '{"event_time": null}', '{"buy_box_winner": true}', false, false),
('buy_box_suppressed', '{}', '{"buy_box_suppressed": true}', true, false),
('buy_box_suppressed', null, '{"buy_box_suppressed": true}', true, false),
('buy_box_suppressed', '{"event_time": null, "buy_box_suppressed": null}',
  '{"buy_box_suppressed": true}', true, false),
('buy_box_suppressed', '{"buy_box_suppressed": true}', '{"buy_box_suppressed": true}',
  false, false),
('buy_box_suppressed', '{"buy_box_suppressed": true}', '{}', false, true),

('undercut', '{}', '{"your_position": 2}', true, false),
('undercut', '{"your_position": 2}', '{"your_position": 3}', false, false),
('undercut', '{"your_position": 2}', '{}', false, true),
('undercut', '{}', '{"your_position": null, "your_price": null}', false, false),
('undercut', null, '{"your_position": 2}', false, false),
('own_offer_missing', '{}', '{"your_price": null}', true, false),
('own_offer_missing', '{}', '{"your_price": null, "total_offers": 19}', true, false),
('own_offer_missing', '{}', '{"your_price": null, "total_offers": 20}', false, false),
('own_offer_missing', '{"your_price": null}', '{"your_price": null}', false, false),
('own_offer_missing', '{"your_price": null}', '{"your_price": 10}', false, true),
('own_offer_missing', null, '{"your_price": null}', false, false),

('pricing_issue', null, '{"event_time": null, "pricing_issue_time": "2026-01-01T11:00Z",
  "issue_dedupe_hash": "b"}', true, false),
('pricing_issue', '{}', '{"pricing_issue_time": "2026-01-01T11:00Z", "issue_dedupe_hash": "b"}',
  true, false),
('pricing_issue',
  '{"pricing_issue_time": "2026-01-01T11:00Z", "issue_dedupe_hash": "b"}',
  '{"pricing_issue_time": "2026-01-01T11:00Z", "issue_dedupe_hash": "c"}', true, false),
('pricing_issue',
  '{"pricing_issue_time": "2026-01-01T11:00Z", "issue_dedupe_hash": "b"}',
  '{"pricing_issue_time": "2026-01-01T11:00Z", "issue_dedupe_hash": "b"}', false, false),
('pricing_issue', '{}', '{}', false, false);

select is(
  coalesce(
    alert_fires(c.kind, 'high', pg_temp.item(c.before), pg_temp.item(c.after)), false
  ),
  c.fires,
  format('%s %s: %s to %s', c.kind, case when c.fires then 'fires' else 'is silent' end, c.before,
    c.after)
)
from cases as c;
select is(
  coalesce(alert_ends(c.kind, 'high', pg_temp.item(c.before), pg_temp.item(c.after)), false),
  c.ends,
  format('%s %s: %s to %s', c.kind, case when c.ends then 'ends' else 'stays' end, c.before,
    c.after)
)
from cases as c
where c.kind not in ('severity_raised', 'severity_cleared', 'pricing_issue') or c.fires;

-- An issue ends by offers that are not older than it, in which you win or are cheap enough.
create temporary table endings (description text, after jsonb, ends boolean) on commit drop;
insert into endings values
('you win', '{"buy_box_winner": true}', true),
('at the reference price', '{"reference_price": 10}', true),
('under it', '{"reference_price": 10.01}', true),
('over it', '{"reference_price": 9.99}', false),
('neither is known', '{}', false),
('too old', '{"buy_box_winner": true, "event_time": "2026-01-01T10:59Z"}', false);
select is(
  coalesce(alert_ends(
    'pricing_issue', 'high',
    pg_temp.item('{"pricing_issue_time": "2026-01-01T11:00Z"}'),
    pg_temp.item(
      '{"pricing_issue_time": "2026-01-01T11:00Z", "event_time": "2026-01-01T11:00Z"}' || e.after
    )
  ), false),
  e.ends,
  e.description
)
from endings as e;
select is(
  coalesce(alert_ends('pricing_issue', 'high', pg_temp.item(i.members), pg_temp.item(
    i.members || '{"pricing_issue_time": "2026-01-01T09:00Z"}'
  )), false),
  false,
  'an issue that comes late is not ended by offers that stood before'
)
from (values ('{"buy_box_winner": true}'::jsonb)) as i (members);

select is(
  alert_headline(
    h.kind, pg_temp.item(h.before::jsonb), pg_temp.item(h.after::jsonb), h.title
  ),
  h.headline,
  h.kind
)
from (
  values
  ('severity_raised', '{"severity": "warning"}',
    '{"severity": "critical", "your_price": 15.2, "your_position": 12, "total_offers": 14}', null,
    'B0TEST0001 is critical now after warning: you ask 15.20 GBP, at position 12 of 14, 52 % over '
    'the lowest.'),
  ('severity_raised', null,
    '{"severity": "high", "pricing_issue": "BuyBoxDisqualification", "reference_price": 9.5,
      "pricing_issue_time": "2026-01-01T11:00Z"}', 'Blue  kettle',
    'Blue kettle (B0TEST0001) is high now: Amazon reports BuyBoxDisqualification and compares with '
    '9.50 GBP.'),
  ('severity_cleared', '{"severity": "high"}', '{"item_condition": "used"}', null,
    'B0TEST0001, used is back from high to info: you ask 10.00 GBP, at position 1 of 5, 0 % over '
    'the lowest.'),
  ('buy_box_lost', '{"buy_box_winner": true}', '{"buy_box_price": 9}', null,
    'You lost the buy box of B0TEST0001: it is at 9.00 GBP, you ask 10.00 GBP, at position 1 of '
    '5.'),
  ('buy_box_won', '{}', '{"buy_box_price": 10}', null,
    'You hold the buy box of B0TEST0001 now: it is at 10.00 GBP, you ask 10.00 GBP, at position 1 '
    'of 5.'),
  ('buy_box_suppressed', '{}', '{"competitive_price": 8}', null,
    'Amazon shows no buy box for B0TEST0001 now: you ask 10.00 GBP, at position 1 of 5, its '
    'competitive price is 8.00 GBP.'),
  ('undercut', '{}', '{"your_position": 2, "market_low": 9.99}', null,
    'You are no longer the cheapest of B0TEST0001: the lowest price is 9.99 GBP, you ask 10.00 '
    'GBP, at position 2 of 5.'),
  ('own_offer_missing', '{}', '{"your_price": null, "total_offers": 4}', null,
    'Your offer of B0TEST0001 is no longer listed; 4 other offers are.'),
  ('pricing_issue', null, '{"pricing_issue": null, "your_price": null}', null,
    'Pricing issue of B0TEST0001: Amazon reports a pricing issue.')
) as h (kind, before, after, title, headline);

select * from finish();
rollback;
