-- "C", because an order of digits must not hang on a locale.
create type event_moment as (
  happened_at timestamptz,
  dedupe_hash text collate "C"
);

comment on type event_moment is
'What orders the events of an item: see moment().';
