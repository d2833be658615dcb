SELECT /* planscope */ 1 AS planscope_own,
       ID AS id, USER AS account, DB AS db, INFO AS text, TIME_MS AS elapsed,
       EXAMINED_ROWS AS examined, NULL AS sent
  FROM information_schema.PROCESSLIST
 WHERE COMMAND IN ('Query', 'Execute') AND INFO IS NOT NULL AND ID <> CONNECTION_ID()
 ORDER BY TIME_MS DESC
