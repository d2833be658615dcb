SELECT /* planscope */ 1 AS planscope_own,
       TABLE_SCHEMA AS db, TABLE_NAME AS name, INDEX_NAME AS ix, NON_UNIQUE AS non_unique,
       COLUMN_NAME AS field, COLLATION AS direction, CARDINALITY AS cardinality,
       SUB_PART AS prefix, INDEX_TYPE AS method, {usable} AS usable, {expression} AS expression,
       SEQ_IN_INDEX AS place
  FROM information_schema.STATISTICS
 WHERE {tables}
 ORDER BY db, name, ix, place
