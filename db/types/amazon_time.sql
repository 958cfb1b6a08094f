-- What Amazon writes goes without the pattern, which takes several times as long: between its signs
-- there must be 17 digits. The pattern is the rest of ISO 8601, extended (09:30) and basic (0930). It
-- leaves nothing to the session's DateStyle, and lets no words through that timestamptz would read,
-- such as 'yesterday'. The cast knows how long a month is.
create domain amazon_time as text check (
  case
    when value like '____-__-__T__:__:__.___Z'
      then replace(replace(replace(replace(replace(
        value, '-', ''), ':', ''), 'T', ''), '.', ''), 'Z', ''
      )::bigint >= 10000101000000000
    else value ~* (
      '^[1-9][0-9]{3}'
      '(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])|(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01]))'
      '([T ]('
      '([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.,][0-9]+)?)?|24:00(:00([.]0+)?)?'
      '|([01][0-9]|2[0-3])[0-5][0-9](([0-5][0-9]|60)([.,][0-9]+)?)?|2400(00([.]0+)?)?'
      ')(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?$'
    )
  end
  and isfinite(replace(value, ',', '.')::timestamptz)
);

comment on domain amazon_time is
'an ISO 8601 time such as 2026-01-31T09:30:00Z';
