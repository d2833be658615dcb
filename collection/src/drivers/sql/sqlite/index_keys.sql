-- Key columns of an index; cid is -2 for an expression, -1 for the rowid.
SELECT cid, name, "desc", coalesce(coll, 'BINARY') FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno
