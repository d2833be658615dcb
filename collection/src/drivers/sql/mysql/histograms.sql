SELECT /* planscope */ 1 AS planscope_own,
       SCHEMA_NAME AS db, TABLE_NAME AS name, COLUMN_NAME AS field, HISTOGRAM AS histogram
  FROM information_schema.COLUMN_STATISTICS
 WHERE {tables}
