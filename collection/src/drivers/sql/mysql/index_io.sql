SELECT /* planscope */ 1 AS planscope_own,
       OBJECT_SCHEMA AS db, OBJECT_NAME AS name, INDEX_NAME AS ix, COUNT_FETCH AS scans
  FROM performance_schema.table_io_waits_summary_by_index_usage
 WHERE INDEX_NAME IS NOT NULL AND {tables}
