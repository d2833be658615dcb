-- The tables of a scratch database: what has to be known to fill their files with rows that are rolled
-- back. `indexed` columns get values that differ, so that the files of the indexes grow as well.
SELECT /* planscope */ row_to_json(t)::text
  FROM (SELECT n.nspname AS schema,
               c.relname AS name,
               c.relkind AS kind,
               (SELECT format('%I.%I', pn.nspname, p.relname)
                  FROM pg_inherits i
                  JOIN pg_class p ON p.oid = i.inhparent
                  JOIN pg_namespace pn ON pn.oid = p.relnamespace
                 WHERE i.inhrelid = c.oid AND p.relkind = 'p') AS partition_of,
               (SELECT json_agg(json_build_object(
                           'name', a.attname,
                           'number', a.attnum,
                           'type', coalesce(b.typname, y.typname),
                           'most_chars', CASE WHEN coalesce(b.typname, y.typname) IN ('varchar', 'bpchar')
                                                   AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
                           'required', a.attnotnull,
                           'generated', to_jsonb(a) ->> 'attgenerated' <> '',
                           'indexed', EXISTS (SELECT FROM pg_index x
                                               WHERE x.indrelid = c.oid AND a.attnum = ANY (x.indkey::int2[])),
                           'unique', EXISTS (SELECT FROM pg_index x
                                              WHERE x.indrelid = c.oid AND x.indisunique
                                                AND a.attnum = ANY (x.indkey::int2[])))
                       ORDER BY a.attnum)
                  FROM pg_attribute a
                  JOIN pg_type y ON y.oid = a.atttypid
                  LEFT JOIN pg_type b ON b.oid = y.typbasetype
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
               (SELECT json_agg(o.conname)
                  FROM pg_constraint o
                 WHERE o.conrelid = c.oid AND o.contype IN ('c', 'f') AND o.conparentid = 0) AS constraints
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'm')
           AND c.relpersistence <> 't'
           AND n.nspname !~ '^pg_'
           AND n.nspname <> 'information_schema') t
