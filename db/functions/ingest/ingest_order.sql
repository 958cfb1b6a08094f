-- Read off the text, not off the JSON: a batch is locked by it before anything is parsed, and any
-- text must do. The first looks where Amazon puts it, if a string follows the name: the sign before
-- it, which no JSON holds, ties the quote to the start. It reads no further than that. The second
-- looks at all places, and past the quotes that an SNS envelope escapes. Built-in functions only:
-- the relay may execute no other of ours.
create or replace function ingest_order(body text)
returns bigint
language sql immutable parallel safe
return hashtextextended(
  btrim(coalesce(
    nullif(split_part(split_part(split_part(
      e'\x01' || ltrim(
        substr(
          body,
          6 + coalesce(nullif(strpos(body, '"ASIN"'), 0), nullif(strpos(body, '"asin"'), 0)),
          60
        ),
        e' \t\r\n:'
      ),
      e'\x01"', 2
    ), '"', 1), '\', 1), ''),
    substring(body from '"(?:ASIN|asin)\\*"\s*:\s*\\*"([^"\\]+)'),
    body,
    ''
  )),
  0
);

comment on function ingest_order(text) is
'The number of the advisory transaction lock that a message takes before anything is written: of '
'its ASIN where one can be seen in the text, else of the whole body. Immutable, never null, never '
'raises. Whoever ingests several messages in one transaction calls in this order, so that no two '
'batches can deadlock. '
'Example: select ingest_order(''{"ASIN": "B0DEMO0012"}'')';
