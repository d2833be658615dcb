-- The columns of those tables with their statistics, a row a table. pg_stats shows the columns
-- that the user may read, and no others.
SELECT /* planscope */
       json_build_object('oid', a.attrelid::int8, 'columns', json_agg(
           json_build_object(
               'name', a.attname,
               'data_type', format_type(a.atttypid, a.atttypmod),
               'nullable', NOT a.attnotnull,
               'n_distinct', s.n_distinct,
               'null_share', s.null_frac,
               'width_bytes', s.avg_width,
               'correlation', s.correlation,
               'common_shares', s.most_common_freqs,
               'common_values', s.most_common_vals::text,
               'histogram', s.histogram_bounds::text)
           ORDER BY a.attnum))::text
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stats s
    ON s.schemaname = n.nspname
   AND s.tablename = c.relname
   AND s.attname = a.attname
   AND s.inherited = (c.relkind = 'p')
 WHERE a.attnum > 0
   AND NOT a.attisdropped
   AND c.relkind IN ('r', 'p', 'm')
   AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_'
   AND n.nspname <> 'information_schema'
 GROUP BY a.attrelid
