-- What doctor looks at, in one row. Our session may have changed settings: reset_val is what the
-- others see.
SELECT /* planscope */ row_to_json(t)::text
  FROM (SELECT current_setting('transaction_read_only') AS read_only,
               inet_server_addr() IS NULL OR inet_server_addr() <<= inet '127.0.0.0/8'
                   OR inet_server_addr() = inet '::1' AS is_local,
               current_setting('track_io_timing') AS track_io_timing,
               current_setting('compute_query_id', true) AS compute_query_id,
               (SELECT s.reset_val FROM pg_settings s
                 WHERE s.name = 'pg_stat_statements.track') AS track,
               (SELECT s.reset_val FROM pg_settings s
                 WHERE s.name = 'shared_preload_libraries') AS preloaded,
               (SELECT count(*) FROM pg_settings s WHERE s.name LIKE 'auto\_explain.%') > 0
                   AS auto_explain,
               (SELECT s.reset_val FROM pg_settings s
                 WHERE s.name = 'auto_explain.log_min_duration') AS auto_explain_min,
               (SELECT a.default_version FROM pg_available_extensions a
                 WHERE a.name = 'pg_stat_statements') AS statements_available,
               (SELECT a.default_version FROM pg_available_extensions a
                 WHERE a.name = 'hypopg') AS hypopg_available,
               (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'hypopg') AS hypopg,
               pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_all_stats,
               (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_'
                   AND n.nspname <> 'information_schema'
                   AND NOT (has_schema_privilege(n.oid, 'USAGE')
                            AND has_any_column_privilege(c.oid, 'SELECT'))) AS unreadable_tables,
               (SELECT coalesce(json_agg(x.indexrelid::regclass::text), '[]')
                  FROM pg_index x WHERE NOT x.indisvalid AND x.indislive) AS invalid_indexes,
               (SELECT s.setting::bigint FROM pg_settings s
                 WHERE s.name = 'track_activity_query_size') AS activity_size,
               (SELECT s.setting::bigint FROM pg_settings s
                 WHERE s.name = 'statement_timeout') AS statement_timeout,
               (SELECT s.setting::bigint FROM pg_settings s
                 WHERE s.name = 'lock_timeout') AS lock_timeout) t
