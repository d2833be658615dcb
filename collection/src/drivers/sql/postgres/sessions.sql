-- Sessions of others that run a statement, and those of them that wait for a lock.
SELECT /* planscope */
       count(*) FILTER (WHERE a.state = 'active'),
       count(*) FILTER (WHERE a.state = 'active' AND a.wait_event_type = 'Lock')
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
