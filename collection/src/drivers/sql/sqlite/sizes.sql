-- Bytes of each b-tree. Reads every page.
SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE
