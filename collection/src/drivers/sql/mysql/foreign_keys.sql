SELECT /* planscope */ 1 AS planscope_own,
       TABLE_SCHEMA AS db, TABLE_NAME AS name, CONSTRAINT_NAME AS constraint_name,
       COLUMN_NAME AS field, REFERENCED_TABLE_SCHEMA AS other_db,
       REFERENCED_TABLE_NAME AS other, ORDINAL_POSITION AS place
  FROM information_schema.KEY_COLUMN_USAGE
 WHERE {tables} AND REFERENCED_TABLE_NAME IS NOT NULL
 ORDER BY db, name, constraint_name, place
