-- The heaviest statements of this database, with what all of them come to. One scan of the view:
-- its function reads the file of texts each time that it is called.
WITH seen AS MATERIALIZED (
    SELECT s.*
      FROM {schema}.pg_stat_statements s
     WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
       AND strpos(s.query, '/* planscope */') = 0
), shown AS (
    -- The best place that a statement has in any of the rankings.
    SELECT *, {place} AS place
      FROM seen
     WHERE queryid IS NOT NULL AND query <> '<insufficient privilege>'
)
SELECT /* planscope */ row_to_json(t)::text
  FROM (SELECT shown.*,
               queryid::text AS id,
               (SELECT r.rolname FROM pg_roles r WHERE r.oid = userid) AS rolname,
               current_database() AS datname,
               (SELECT count(*) FROM seen) AS all_statements,
               (SELECT sum({total}) FROM seen) AS all_ms,
               (SELECT count(*) FROM seen) - (SELECT count(*) FROM shown) AS hidden
          FROM shown
         ORDER BY place, queryid
         LIMIT {limit}) t
UNION ALL
-- When every text is hidden there is no row to carry the totals.
SELECT row_to_json(n)::text
  FROM (SELECT count(*) AS all_statements, sum({total}) AS all_ms, count(*) AS hidden
          FROM seen
        HAVING NOT EXISTS (SELECT FROM shown)) n
