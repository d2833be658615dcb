-- Statistics of one column, written as ANALYZE would (before version 18, which has a function for it):
-- slot 1 the most common values (kind 1), slot 2 the histogram (kind 2), slot 3 the correlation (kind 3).
DELETE FROM pg_statistic WHERE starelid = {table} AND staattnum = {number} AND stainherit = {inherited};
INSERT INTO pg_statistic
SELECT {table}, {number}, {inherited}, {null_share}, {width}, {distinct},
       CASE WHEN {common} IS NULL OR eq IS NULL THEN 0 ELSE 1 END::int2,
       CASE WHEN {histogram} IS NULL OR lt IS NULL THEN 0 ELSE 2 END::int2,
       CASE WHEN {correlation} IS NULL OR lt IS NULL THEN 0 ELSE 3 END::int2, 0::int2, 0::int2,
       CASE WHEN {common} IS NULL OR eq IS NULL THEN 0 ELSE eq END,
       CASE WHEN {histogram} IS NULL OR lt IS NULL THEN 0 ELSE lt END,
       CASE WHEN {correlation} IS NULL OR lt IS NULL THEN 0 ELSE lt END, 0::oid, 0::oid,
       CASE WHEN {common} IS NULL OR eq IS NULL THEN 0 ELSE attcollation END,
       CASE WHEN {histogram} IS NULL OR lt IS NULL THEN 0 ELSE attcollation END,
       CASE WHEN {correlation} IS NULL OR lt IS NULL THEN 0 ELSE attcollation END, 0::oid, 0::oid,
       CASE WHEN {common} IS NULL OR eq IS NULL THEN NULL ELSE {shares}::float4[] END,
       NULL::float4[],
       CASE WHEN {correlation} IS NULL OR lt IS NULL THEN NULL ELSE ARRAY[{correlation}]::float4[] END,
       NULL::float4[], NULL::float4[],
       CASE WHEN {common} IS NULL OR eq IS NULL THEN NULL ELSE array_in({common}::cstring, atttypid, atttypmod) END,
       CASE WHEN {histogram} IS NULL OR lt IS NULL THEN NULL ELSE array_in({histogram}::cstring, atttypid, atttypmod) END,
       NULL, NULL, NULL
  FROM (SELECT a.atttypid, a.atttypmod, a.attcollation,
               (SELECT m.amopopr FROM pg_opclass o JOIN pg_amop m ON m.amopfamily = o.opcfamily
                   AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype
                 WHERE o.opcmethod = 403 AND o.opcdefault AND m.amopstrategy = 3
                   AND o.opcintype = CASE WHEN y.typname = 'varchar' THEN 25 ELSE a.atttypid END) AS eq,
               (SELECT m.amopopr FROM pg_opclass o JOIN pg_amop m ON m.amopfamily = o.opcfamily
                   AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype
                 WHERE o.opcmethod = 403 AND o.opcdefault AND m.amopstrategy = 1
                   AND o.opcintype = CASE WHEN y.typname = 'varchar' THEN 25 ELSE a.atttypid END) AS lt
          FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
         WHERE a.attrelid = {table} AND a.attnum = {number}) c;
