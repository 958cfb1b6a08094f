drop type notification_analysis;
drop table severity_rules;
