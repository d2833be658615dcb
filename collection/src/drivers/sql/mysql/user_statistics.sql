SELECT /* planscope */ 1 AS planscope_own,
       TABLE_SCHEMA AS db, TABLE_NAME AS name, INDEX_NAME AS ix, ROWS_READ AS scans
  FROM information_schema.INDEX_STATISTICS
 WHERE {tables}
