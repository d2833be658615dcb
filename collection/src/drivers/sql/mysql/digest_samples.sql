SELECT /* planscope */ 1 AS planscope_own,
       SCHEMA_NAME AS name, DIGEST AS digest, QUERY_SAMPLE_TEXT AS sample,
       QUANTILE_95 AS p95, QUANTILE_99 AS p99
  FROM performance_schema.events_statements_summary_by_digest
 WHERE {chosen}
