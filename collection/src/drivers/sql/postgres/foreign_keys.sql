SELECT /* planscope */
       json_build_object(
           'oid', f.conrelid::int8,
           'name', f.conname,
           'columns', (SELECT json_agg(a.attname ORDER BY k.place)
                         FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
                         JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum),
           'references', n.nspname || '.' || r.relname)::text
  FROM pg_constraint f
  JOIN pg_class r ON r.oid = f.confrelid
  JOIN pg_namespace n ON n.oid = r.relnamespace
 WHERE f.contype = 'f'
 ORDER BY f.conrelid, f.conname
