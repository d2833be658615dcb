-- Where HypoPG is, its version, and whether it can hide real indexes (1.4 and newer); no row when
-- it is not in this database.
SELECT /* planscope */
       quote_ident(n.nspname),
       e.extversion,
       to_regproc(quote_ident(n.nspname) || '.hypopg_hide_index') IS NOT NULL
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'hypopg'
