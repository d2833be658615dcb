-- The indexes of those tables. A key is a column or an expression; its operator class and its
-- collation are given only where they are not the default. What can only be read with a lock on the
-- table is `?` or NULL where one would have to be waited for: see catalog.rs.
SELECT /* planscope */ row_to_json(t)::text
  FROM (SELECT n.nspname AS schema,
               c.relname AS "table",
               i.relname AS name,
               m.amname AS method,
               x.indisunique AS "unique",
               x.indisprimary AS "primary",
               EXISTS (SELECT FROM pg_constraint o
                        WHERE o.conindid = x.indexrelid AND o.contype IN ('p', 'u', 'x')) AS "constraint",
               x.indisvalid AND x.indisready AND x.indislive AS usable,
               (SELECT json_agg(json_build_object(
                           'column', a.attname,
                           'expression', CASE WHEN a.attname IS NOT NULL THEN NULL
                                              WHEN w.locked THEN '?'
                                              ELSE pg_get_indexdef(x.indexrelid, k + 1, true) END,
                           'descending', x.indoption[k] & 1 = 1,
                           'nulls_first', x.indoption[k] & 2 = 2,
                           'operator_class', (SELECT o.opcname FROM pg_opclass o
                                               WHERE o.oid = x.indclass[k] AND NOT o.opcdefault),
                           'collation', (SELECT l.collname FROM pg_collation l
                                          WHERE l.oid = x.indcollation[k]
                                            AND l.oid <> coalesce(a.attcollation, 100)))
                        ORDER BY k)
                  FROM generate_series(0, x.indnkeyatts - 1) k
                  LEFT JOIN pg_attribute a
                    ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k] AND a.attnum <> 0) AS keys,
               (SELECT json_agg(a.attname ORDER BY k)
                  FROM generate_series(x.indnkeyatts, x.indnatts - 1) k
                  JOIN pg_attribute a
                    ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k]) AS include,
               CASE WHEN x.indpred IS NULL THEN NULL
                    WHEN w.locked THEN '?'
                    ELSE pg_get_expr(x.indpred, x.indrelid, true) END AS predicate,
               CASE WHEN i.oid {locked} THEN nullif(i.relpages, 0) * current_setting('block_size')::float8
                    ELSE pg_relation_size(i.oid)::float8 END AS size_bytes,
               pg_stat_get_numscans(x.indexrelid) AS scans,
               CASE WHEN NOT w.locked THEN pg_get_indexdef(x.indexrelid) END AS definition
          FROM pg_index x
          JOIN pg_class i ON i.oid = x.indexrelid
          JOIN pg_class c ON c.oid = x.indrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_am m ON m.oid = i.relam
         CROSS JOIN LATERAL (SELECT c.oid {locked} OR i.oid {locked} AS locked) w
         WHERE c.relkind IN ('r', 'p', 'm')
           AND c.relpersistence <> 't'
           AND n.nspname !~ '^pg_'
           AND n.nspname <> 'information_schema'
         ORDER BY n.nspname, c.relname, i.relname) t
