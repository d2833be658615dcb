-- Foreign keys of a table, one row a column.
SELECT id, "table", "from" FROM pragma_foreign_key_list(?1) ORDER BY id, seq
