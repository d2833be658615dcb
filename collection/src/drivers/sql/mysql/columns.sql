SELECT /* planscope */ 1 AS planscope_own,
       TABLE_SCHEMA AS db, TABLE_NAME AS name, COLUMN_NAME AS field, COLUMN_TYPE AS type,
       IS_NULLABLE AS nullable, ORDINAL_POSITION AS place
  FROM information_schema.COLUMNS
 WHERE {tables}
 ORDER BY db, name, place
