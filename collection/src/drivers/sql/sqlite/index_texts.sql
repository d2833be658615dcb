-- What the indexes were made with. sqlite_schema has no index of its own: it is read once.
SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
