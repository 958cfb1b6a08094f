drop type if exists notification_analysis;
drop table severity_rules;
