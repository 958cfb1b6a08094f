create or replace view buy_box_history as
select c.*
from buy_box_changes('-infinity', 'infinity') as c;

comment on view buy_box_history is
'buy_box_changes() of all time as a relation, for a front that reads several databases.';
