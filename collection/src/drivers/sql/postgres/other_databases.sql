-- How the time of all statements spreads over the databases. `(false)` leaves the file of texts alone.
SELECT /* planscope */ d.datname, sum(s.{total}), d.datname = current_database()
  FROM {schema}.pg_stat_statements(false) s
  JOIN pg_database d ON d.oid = s.dbid
 GROUP BY d.datname
HAVING sum(s.{total}) > 0
 ORDER BY 2 DESC
