create or replace function buy_box_note(
  winner boolean, seller text, is_fba boolean, suppressed boolean
)
returns text
language sql immutable parallel safe
return case
  when winner then 'yours'
  when suppressed then 'suppressed'
  else seller || case when is_fba then ', FBA' else '' end
end;

comment on function buy_box_note(boolean, text, boolean, boolean) is
'Who holds the buy box, in a few words, from the columns of current_state: yours, suppressed, or '
'the seller''s id; null where nobody is known to.';
