SELECT /* planscope */ 1 AS planscope_own,
       TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine,
       TABLE_ROWS AS entries, DATA_LENGTH AS size, CREATE_OPTIONS AS options
  FROM information_schema.TABLES
 WHERE {tables}
 ORDER BY db, name
