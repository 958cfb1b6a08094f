create or replace function marketplace_country(marketplace text)
returns text
language sql immutable parallel safe
return case marketplace
  when 'A2EUQ1WTGCTBG2' then 'CA'
  when 'ATVPDKIKX0DER' then 'US'
  when 'A1AM78C64UM0Y8' then 'MX'
  when 'A2Q3Y263D00KWC' then 'BR'
  when 'A28R8C7NBKEWEA' then 'IE'
  when 'A1RKKUPIHCS9HS' then 'ES'
  when 'A1F83G8C2ARO7P' then 'UK'
  when 'A13V1IB3VIYZZH' then 'FR'
  when 'AMEN7PMS3EDWL' then 'BE'
  when 'A1805IZSGTT6HS' then 'NL'
  when 'A1PA6795UKMFR9' then 'DE'
  when 'APJ6JRA9NG5V4' then 'IT'
  when 'A2NODRKZP88ZB9' then 'SE'
  when 'AE08WJ6YKNBMC' then 'ZA'
  when 'A1C3SOZRARQ6R3' then 'PL'
  when 'ARBP9OOSHTCHU' then 'EG'
  when 'A33AVAJ2PDY3EV' then 'TR'
  when 'A17E79C6D8DWNP' then 'SA'
  when 'A2VIGQ35RCS4UG' then 'AE'
  when 'A21TJRUUN4KGV' then 'IN'
  when 'A19VAU5U5O7RUS' then 'SG'
  when 'A39IBJ37TRP1C6' then 'AU'
  when 'A1VC38T7YXB528' then 'JP'
  else marketplace
end;

comment on function marketplace_country(text) is
'The country of one of Amazon''s marketplace ids, as sellers write it: UK, DE, …. An id that is '
'not known stays as it is.';
