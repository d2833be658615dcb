SELECT /* planscope */ 1 AS planscope_own,
       COUNT(DIGEST) AS digests, SUM(SUM_TIMER_WAIT) AS total, MIN(FIRST_SEEN) AS since,
       SUM(CASE WHEN DIGEST IS NULL THEN COUNT_STAR ELSE 0 END) AS lost_calls,
       SUM(CASE WHEN DIGEST IS NULL THEN SUM_TIMER_WAIT ELSE 0 END) AS lost_total
  FROM performance_schema.events_statements_summary_by_digest
 WHERE DIGEST IS NULL OR {schemas}
