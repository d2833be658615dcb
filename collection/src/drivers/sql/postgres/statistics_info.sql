SELECT /* planscope */
       i.dealloc,
       to_char(i.stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       current_setting('pg_stat_statements.max', true)
  FROM {schema}.pg_stat_statements_info i
