-- Where the extension's view is, and which columns it has: a server that was upgraded without
-- ALTER EXTENSION keeps the old view, so the server's version says nothing.
SELECT /* planscope */
       quote_ident(n.nspname),
       e.extversion,
       (SELECT string_agg(a.attname, ',')
          FROM pg_attribute a
         WHERE a.attrelid = to_regclass(quote_ident(n.nspname) || '.pg_stat_statements')
           AND a.attnum > 0
           AND NOT a.attisdropped),
       to_regclass(quote_ident(n.nspname) || '.pg_stat_statements_info') IS NOT NULL,
       coalesce(current_setting('track_io_timing', true)::bool, false)
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'pg_stat_statements'
