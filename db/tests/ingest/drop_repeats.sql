-- What becomes of a message by the messages before it in its batch.
begin;
select plan(9);

-- Takes id/body of each, after = where it is stored already and after ! where it is bad. Gives of
-- each what it is; of one that repeats another of the batch, = and the other's place.
create function pg_temp.after_drop(messages text array)
returns text array
language sql
as $$
  select array_agg(
    case
      when d.outcome is null then 'new'
      when d.notification_id is null then d.outcome
      else '=' || left(d.notification_id::text, 1)
    end
    order by d.position
  )
  from unnest(drop_repeats(array(
    select
      row(
        m.position, split_part(ltrim(m.message, '=!'), '/', 1), split_part(m.message, '/', 2), null,
        case left(m.message, 1) when '=' then 'stored' when '!' then 'failed' end,
        case
          when m.message !~ '^[=!]' then (m.position || '0000000-0000-0000-0000-000000000000')::uuid
        end,
        null, null, null, null, null, null, null, null, null
      )::incoming
    from unnest(messages) with ordinality as m (message, position)
  ))) as d
$$;

select is(
  pg_temp.after_drop(t.messages::text array), t.outcomes::text array,
  t.description || ': ' || t.messages
)
from (
  values
  ('{a/x,b/y,c/z}', '{new,new,new}', 'none repeats'),
  ('{a/x,a/x,a/x}', '{new,=1,=1}', 'the same message'),
  ('{a/x,b/x}', '{new,=1}', 'the same body'),
  ('{a/x,a/y}', '{new,=1}', 'the same id'),
  ('{a/x,b/y,b/x}', '{new,new,=2}', 'of its id before of its body'),
  ('{!a/x,!a/x}', '{failed,failed}', 'a bad one is never stored'),
  ('{!a/x,a/y,!a/x}', '{failed,new,=2}', 'a bad one whose id is stored meanwhile'),
  ('{=a/x,c/y,b/z}', '{stored,new,new}', 'what is stored was recognised before'),
  ('{b/y,a/y,b/z}', '{new,=1,=1}', 'all repeat the first, none another repeat')
) as t (messages, outcomes, description);

select * from finish();
rollback;
