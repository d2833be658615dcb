SELECT /* planscope */ 1 AS planscope_own,
       OBJECT_SCHEMA AS db, OBJECT_NAME AS name, COUNT_INSERT AS inserts,
       COUNT_UPDATE AS updates, COUNT_DELETE AS deletes
  FROM performance_schema.table_io_waits_summary_by_table
 WHERE OBJECT_TYPE = 'TABLE' AND {tables}
