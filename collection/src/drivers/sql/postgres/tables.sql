-- Tables of the user's schemas, with the counters that pg_stat_user_tables shows. The exact size
-- needs a lock: see catalog.rs.
SELECT /* planscope */ row_to_json(t)::text
  FROM (SELECT c.oid::int8 AS oid,
               n.nspname AS schema,
               c.relname AS name,
               c.relkind AS kind,
               (SELECT p.relname
                  FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                 WHERE i.inhrelid = c.oid
                 ORDER BY i.inhseqno LIMIT 1) AS parent,
               -- Before 14, 0 rows in 0 pages was the way to say that nothing is known.
               CASE WHEN c.reltuples < 0 OR c.reltuples = 0 AND c.relpages = 0 THEN NULL
                    ELSE c.reltuples::float8 END AS rows,
               CASE WHEN c.oid {locked} THEN nullif(c.relpages, 0) * current_setting('block_size')::float8
                    ELSE pg_table_size(c.oid)::float8 END AS size_bytes,
               nullif(c.relpages, 0)::float8 AS pages,
               c.relallvisible / nullif(c.relpages, 0)::float8 AS visible_share,
               pg_stat_get_mod_since_analyze(c.oid) AS modified_since_analyze,
               to_char(greatest(pg_stat_get_last_analyze_time(c.oid),
                                pg_stat_get_last_autoanalyze_time(c.oid)) AT TIME ZONE 'UTC',
                       'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS analyzed_at,
               pg_stat_get_tuples_inserted(c.oid) AS inserts,
               pg_stat_get_tuples_updated(c.oid) AS updates,
               pg_stat_get_tuples_hot_updated(c.oid) AS hot_updates,
               pg_stat_get_tuples_deleted(c.oid) AS deletes,
               pg_stat_get_numscans(c.oid) AS full_scans,
               (SELECT sum(pg_stat_get_numscans(x.indexrelid))
                  FROM pg_index x WHERE x.indrelid = c.oid) AS index_scans
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'm')
           AND c.relpersistence <> 't'
           AND n.nspname !~ '^pg_'
           AND n.nspname <> 'information_schema'
         ORDER BY n.nspname, c.relname) t
