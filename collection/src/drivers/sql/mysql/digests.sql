SELECT /* planscope */ 1 AS planscope_own,
       SCHEMA_NAME AS name, DIGEST AS digest, COUNT_STAR AS calls, SUM_TIMER_WAIT AS total,
       MIN_TIMER_WAIT AS fastest, MAX_TIMER_WAIT AS slowest, SUM_LOCK_TIME AS waited,
       SUM_ERRORS AS errors, SUM_ROWS_AFFECTED AS affected, SUM_ROWS_SENT AS sent,
       SUM_ROWS_EXAMINED AS examined, SUM_CREATED_TMP_TABLES AS tmp_tables,
       SUM_CREATED_TMP_DISK_TABLES AS tmp_disk_tables, SUM_SELECT_FULL_JOIN AS full_joins,
       SUM_SORT_MERGE_PASSES AS sort_merge_passes, SUM_SORT_RANGE + SUM_SORT_SCAN AS sorts,
       SUM_NO_INDEX_USED AS no_index_used, FIRST_SEEN AS since
  FROM performance_schema.events_statements_summary_by_digest
 WHERE DIGEST IS NULL OR {schemas}
