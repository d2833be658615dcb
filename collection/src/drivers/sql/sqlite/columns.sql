-- Columns in order; 1 is a hidden column of a virtual table, 2 and 3 are generated columns.
SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid
