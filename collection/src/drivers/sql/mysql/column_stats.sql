SELECT /* planscope */ 1 AS planscope_own,
       db_name AS db, table_name AS name, column_name AS field, nulls_ratio AS nulls,
       avg_length AS width, avg_frequency AS frequency
  FROM mysql.column_stats
 WHERE {tables}
