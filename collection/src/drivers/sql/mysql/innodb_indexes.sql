SELECT /* planscope */ 1 AS planscope_own,
       database_name AS db, table_name AS name, index_name AS ix,
       MAX(CASE WHEN stat_name = 'size' THEN stat_value * @@innodb_page_size END) AS size,
       MAX(CASE WHEN stat_name = 'n_diff_pfx01' THEN stat_value END) AS different
  FROM mysql.innodb_index_stats
 WHERE {tables}
 GROUP BY database_name, table_name, index_name
