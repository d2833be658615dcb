SELECT /* planscope */ 1 AS planscope_own,
       database_name AS db, table_name AS name, n_rows AS entries,
       clustered_index_size * @@innodb_page_size AS size, last_update AS analyzed
  FROM mysql.innodb_table_stats
 WHERE {tables}
