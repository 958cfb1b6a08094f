create type severity_verdict as (
  severity text,
  reason text
);

comment on type severity_verdict is
'A severity and the rule that decided, in words that name the columns of severity_rules.';
