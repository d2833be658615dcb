SELECT /* planscope */ 1 AS planscope_own,
       SCHEMA_NAME AS name, DIGEST AS digest, DIGEST_TEXT AS text
  FROM performance_schema.events_statements_summary_by_digest
 WHERE {chosen}
