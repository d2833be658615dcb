-- Tables and views of the user's own schema, without the shadow tables of virtual ones. The list is made
-- once: asked for each name, it is made anew each time, and 10,000 tables take minutes.
WITH l AS MATERIALIZED (SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main')
SELECT s.name, s.type, coalesce(s.sql, ''), coalesce(l.wr, 0), coalesce(l.type, s.type)
FROM sqlite_schema AS s
LEFT JOIN l ON l.name = s.name
WHERE s.type IN ('table', 'view')
  AND s.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND coalesce(l.type, '') <> 'shadow'
ORDER BY s.name
