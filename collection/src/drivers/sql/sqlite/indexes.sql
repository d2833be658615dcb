-- Indexes of a table; origin is c (CREATE INDEX), u (UNIQUE) or pk.
SELECT l.name, l."unique", l.origin, l.partial, coalesce(s.sql, '')
FROM pragma_index_list(?1) AS l
LEFT JOIN sqlite_schema AS s ON s.type = 'index' AND s.name = l.name
ORDER BY l.name
