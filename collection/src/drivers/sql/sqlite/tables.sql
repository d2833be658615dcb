-- Tables and views of the user's own schema, without the shadow tables of virtual ones.
SELECT s.name, s.type, coalesce(s.sql, ''), coalesce(l.wr, 0), coalesce(l.type, s.type)
FROM sqlite_schema AS s
LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = s.name
WHERE s.type IN ('table', 'view')
  AND s.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND coalesce(l.type, '') <> 'shadow'
ORDER BY s.name
