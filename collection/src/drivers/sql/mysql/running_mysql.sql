SELECT /* planscope */ 1 AS planscope_own,
       t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS account, t.PROCESSLIST_DB AS db,
       t.PROCESSLIST_INFO AS text,
       (SELECT a.ATTR_VALUE FROM performance_schema.session_connect_attrs AS a
         WHERE a.PROCESSLIST_ID = t.PROCESSLIST_ID AND a.ATTR_NAME = 'program_name') AS application,
       COALESCE(s.TIMER_WAIT / 1000000000, t.PROCESSLIST_TIME * 1000) AS elapsed,
       s.ROWS_EXAMINED AS examined, s.ROWS_SENT AS sent
  FROM performance_schema.threads AS t
  LEFT JOIN performance_schema.events_statements_current AS s
         ON s.THREAD_ID = t.THREAD_ID AND s.NESTING_EVENT_ID IS NULL AND s.END_EVENT_ID IS NULL
 WHERE t.PROCESSLIST_COMMAND IN ('Query', 'Execute') AND t.PROCESSLIST_INFO IS NOT NULL
   AND t.PROCESSLIST_ID <> CONNECTION_ID()
 ORDER BY elapsed DESC
