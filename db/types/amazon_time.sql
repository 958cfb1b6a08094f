-- First what Amazon writes, told by its shape, then the rest of ISO 8601, in its extended (09:30)
-- and its basic format (0930). The pattern leaves nothing to the session's DateStyle, and lets no
-- words through that timestamptz would read, such as 'yesterday'. The cast knows how long a month
-- is.
create domain amazon_time as text check (
  (
    translate(value, '0123456789', '9999999999')
    in ('9999-99-99T99:99:99.999Z', '9999-99-99T99:99:99Z')
    or value ~* (
      '^[1-9][0-9]{3}'
      '(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])|(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01]))'
      '([T ]('
      '([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.,][0-9]+)?)?|24:00(:00([.]0+)?)?'
      '|([01][0-9]|2[0-3])[0-5][0-9](([0-5][0-9]|60)([.,][0-9]+)?)?|2400(00([.]0+)?)?'
      ')(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?$'
    )
  )
  and isfinite(replace(value, ',', '.')::timestamptz)
);

comment on domain amazon_time is
'an ISO 8601 time such as 2026-01-31T09:30:00Z';
