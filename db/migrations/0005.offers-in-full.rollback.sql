do $$
begin
  if to_regprocedure('drop_deployed()') is not null then
    perform drop_deployed();
  end if;
end
$$;

alter table current_state
drop column buy_box_seller,
drop column buy_box_is_fba,
drop column buy_box_suppressed,
drop column competitive_price,
drop column sales_rank,
drop column reference_price;

drop table unreadable_notifications;

alter table severity_rules drop constraint severity_rules_name_check;
alter table severity_rules add constraint severity_rules_name_check check (btrim(name) <> '');
