-- Settings that decide plans or bear on advice, as the server shows them.
SELECT /* planscope */ s.name, current_setting(s.name)
  FROM pg_settings s
 WHERE s.name LIKE 'enable\_%'
    OR s.name LIKE 'jit%' AND s.name NOT LIKE 'jit\_de%' AND s.name NOT LIKE 'jit\_d%'
    OR s.name LIKE 'cpu\_%\_cost'
    OR s.name LIKE 'parallel\_%\_cost'
    OR s.name LIKE 'geqo%'
    OR s.name IN ('autovacuum', 'autovacuum_analyze_scale_factor', 'autovacuum_analyze_threshold',
                  'block_size', 'compute_query_id', 'constraint_exclusion', 'cursor_tuple_fraction',
                  'default_statistics_target', 'effective_cache_size', 'effective_io_concurrency',
                  'from_collapse_limit', 'hash_mem_multiplier', 'join_collapse_limit',
                  'logical_decoding_work_mem', 'maintenance_work_mem', 'max_connections',
                  'max_parallel_maintenance_workers', 'max_parallel_workers',
                  'max_parallel_workers_per_gather', 'max_worker_processes',
                  'min_parallel_index_scan_size', 'min_parallel_table_scan_size',
                  'pg_stat_statements.max', 'pg_stat_statements.track',
                  'pg_stat_statements.track_planning', 'plan_cache_mode', 'random_page_cost',
                  'recursive_worktable_factor', 'search_path', 'seq_page_cost',
                  'server_version', 'server_version_num', 'shared_buffers',
                  'shared_preload_libraries', 'temp_buffers', 'track_io_timing', 'work_mem')
 ORDER BY s.name
