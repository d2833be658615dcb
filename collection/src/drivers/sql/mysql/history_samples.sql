SELECT /* planscope */ 1 AS planscope_own,
       CURRENT_SCHEMA AS name, DIGEST AS digest, SQL_TEXT AS sample
  FROM performance_schema.{table}
 WHERE DIGEST IN ({digests}) AND SQL_TEXT IS NOT NULL
