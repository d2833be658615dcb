-- Functions of users that may do anything, and the views that call one, however deep. What belongs to
-- the server is in a list of its own.
WITH RECURSIVE own AS (
  SELECT p.oid, p.proname
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE p.provolatile = 'v'
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')
), views AS (
  SELECT r.ev_class
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
   WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
     AND d.refclassid = 'pg_catalog.pg_proc'::regclass
     AND d.refobjid IN (SELECT o.oid FROM own o)
  UNION
  SELECT r.ev_class
    FROM views v
    JOIN pg_catalog.pg_depend d ON d.refobjid = v.ev_class
     AND d.refclassid = 'pg_catalog.pg_class'::regclass
     AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
)
SELECT /* planscope */ 'function', o.proname FROM own o
UNION
SELECT 'view', c.relname FROM views v JOIN pg_catalog.pg_class c ON c.oid = v.ev_class
