create or replace function resolve_failures(batch incoming[])
returns void
language sql volatile parallel unsafe
begin atomic
  update worker_failures as w
  set resolved_at = now()
  from unnest(batch) as m
  where m.outcome is distinct from 'failed'
    and w.resolved_at is null
    and (w.message_id = m.message_id or w.dedupe_hash = m.dedupe_hash)
    and not exists (
      select from unnest(batch) as later
      where later.outcome = 'failed'
        and later.message_id = w.message_id
        and later.position > m.position
    );
end;

comment on function resolve_failures(incoming[]) is
'Says of failures that their message, or its body under another id, is stored after all.';
