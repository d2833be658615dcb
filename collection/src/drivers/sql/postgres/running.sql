-- What the other connections to this database run, longest first. Columns that came with later versions
-- (query_id) are taken from the row as JSON; who blocks is asked of those that wait for a lock only.
SELECT /* planscope */ row_to_json(t)::text
  FROM (SELECT a.pid,
               to_jsonb(a) ->> 'query_id' AS id,
               a.query,
               a.usename,
               a.datname,
               nullif(a.application_name, '') AS application,
               a.wait_event_type,
               a.wait_event,
               CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) END AS blockers,
               extract(epoch FROM clock_timestamp() - a.query_start) * 1000 AS elapsed_ms,
               current_setting('track_activity_query_size') AS text_limit,
               octet_length(a.query) AS text_bytes
          FROM pg_stat_activity a
         WHERE a.datname = current_database()
           AND a.pid <> pg_backend_pid()
           AND (a.state = 'active' OR a.query = '<insufficient privilege>')
           AND a.backend_type = 'client backend'
           AND strpos(a.query, '/* planscope */') = 0
         ORDER BY a.query_start NULLS LAST, a.pid) t
