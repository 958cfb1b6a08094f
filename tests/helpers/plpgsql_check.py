"""Runs plpgsql_check over every PL/pgSQL function of a migrated database, for make lint.

Prints a line for each finding, warnings of performance and security included, and returns 1 if
there is one.
"""

import sys

from cluster import Cluster

# A trigger's function is checked once for each table whose trigger it is.
CHECK = """
create schema lint;
create extension plpgsql_check schema lint;
select format('%s line %s: %s: %s', p.oid::regprocedure, f.lineno, f.level,
  concat_ws(' ', f.message, f.detail, f.hint))
from pg_proc as p
join pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'
left join (
  select distinct tgfoid, tgrelid, tgoldtable, tgnewtable from pg_trigger
) as t on t.tgfoid = p.oid
cross join lateral lint.plpgsql_check_function_tb(
  p.oid, coalesce(t.tgrelid, 0), all_warnings := true,
  oldtable := t.tgoldtable, newtable := t.tgnewtable
) as f
where p.pronamespace = 'public'::regnamespace
  and p.proname <> 'refuse' -- stable, or Postgres would call it, and raise, while it plans
order by p.proname, f.lineno
"""

with Cluster() as cluster:
    findings = cluster.sql(CHECK, cluster.create_database(migrated=True))
print(findings, end="")
sys.exit(findings != "")
