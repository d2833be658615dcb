-- Indexes of a table; origin is c (CREATE INDEX), u (UNIQUE) or pk.
SELECT name, "unique", origin, partial FROM pragma_index_list(?1) ORDER BY name
