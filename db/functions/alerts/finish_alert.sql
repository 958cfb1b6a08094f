create or replace function finish_alert(
  delivery_id bigint,
  attempt integer,
  outcome text,
  error text default null,
  retry_after interval default null
)
returns boolean
language plpgsql volatile parallel unsafe
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  tries integer;
begin
  if outcome is null or outcome not in ('sent', 'failed', 'gone') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('no outcome of a delivery: %s', coalesce(quote_literal(outcome), 'null')),
      hint = 'sent, failed or gone.';
  end if;
  select d.attempts - d.attempts_before
  into tries
  from alert_deliveries as d
  where d.id = delivery_id and d.attempts = attempt and d.status = 'sending'
  for update;
  if not found then
    return false;
  end if;

  perform lock_alerts(array[delivery_id]);
  if outcome = 'sent' then
    perform end_deliveries(array[delivery_id], 'sent');
  elsif outcome = 'gone' or tries >= 8 then
    perform end_deliveries(array[delivery_id], 'dead', coalesce(error, outcome));
  else
    update alert_deliveries as d
    set
      status = 'waiting',
      -- Jitter, so that what failed together does not come back together. No pause outlasts the
      -- delivery.
      leased_until = now() + least(
        greatest(retry_pause(tries) * (1 + random() / 4), retry_after), interval '6 hours'
      ),
      last_error = left(coalesce(error, outcome), 500)
    where d.id = delivery_id;
  end if;
  return true;
end
$$;

comment on function finish_alert(bigint, integer, text, text, interval) is
'Says how an attempt that claim_alerts() gave out went: sent; failed (due again after '
'retry_pause(), or retry_after where that is longer; dead after 8 attempts); or gone (dead at '
'once: nobody takes it there any more). error is kept in last_error, cut to 500 characters; it '
'must hold no secret. False, and nothing changes, where the attempt is not the one under way. '
'Example: select finish_alert(1, 1, ''sent'')';
