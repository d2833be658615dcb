SELECT /* planscope */ 1 AS planscope_own, TABLE_SCHEMA AS db, TABLE_NAME AS name
  FROM information_schema.TABLES
 WHERE {tables}
