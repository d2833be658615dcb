//! Tests of the guards.

use super::*;
use Engine::{Mariadb, Mysql, Postgres, Sqlite};

#[test]
fn what_only_reads_may_be_executed() {
    let cases = [
        (Postgres, "select * from t where a = 1;"),
        (Postgres, "with x as (select 1) select * from x -- done"),
        (Postgres, "values (1), (2)"),
        (Postgres, "(select 1) union all (select 2) order by 1"),
        (Postgres, "select pg_size_pretty(pg_relation_size('t')), replace(a, 'into', 'x') from t"),
        (Postgres, "select lo_orderkey from lineorder"),
        (Postgres, "table t"),
        (Mysql, "select `sleep` from t where a = \"it's into\""),
        (Sqlite, "select * from t where [update] = 1"),
    ];
    for (engine, sql) in cases {
        assert_eq!(is_single_select_without_side_effects(sql, engine), Ok(()), "{sql}");
    }
}

#[test]
fn what_does_more_may_not() {
    let cases = [
        (Postgres, "", "it is empty"),
        (Postgres, "select 1; select 2", "it is 2 statements"),
        (Postgres, "delete from t", "it writes"),
        (Postgres, "with x as (delete from t returning *) select * from x", "it writes"),
        (Postgres, "with x as (select 1) insert into t select * from x", "it writes"),
        (Postgres, "select * into u from t", "it has an INTO"),
        (Postgres, "select * from t for no key update", "it locks rows"),
        (Postgres, "select * from (select * from t for share) x", "it locks rows"),
        (Postgres, "select nextval('s')", "it calls nextval()"),
        (Postgres, "select pg_catalog . \"pg_sleep\" /* x */ (5)", "it calls pg_sleep()"),
        (Postgres, "select PG_Terminate_Backend(1)", "it calls pg_terminate_backend()"),
        (Postgres, "select U&\"\\0070g_sleep\"(5)", "it holds a name with a backslash"),
        (
            Postgres,
            "select 'a\\' || 'pg_sleep(5)'",
            "it holds a string with a backslash before a quote",
        ),
        (
            Postgres,
            "select query_to_xml('delete from t', true, true, '')",
            "it calls query_to_xml()",
        ),
        (Postgres, "select * from dblink('x', 'y') as t(a int)", "it calls dblink()"),
        (Postgres, "explain analyze delete from t", "it is an EXPLAIN itself"),
        (Postgres, "vacuum t", "EXPLAIN does not take VACUUM"),
        (Mysql, "select sleep(1)", "it calls sleep()"),
        (Mysql, "select \"sleep\" (1)", "it calls sleep()"),
        (
            Mysql,
            "select 1 /*!50000 into outfile '/tmp/x' */",
            "it holds a comment that the server executes",
        ),
        (Mysql, "select * from t lock in share mode", "it locks rows"),
        (Mysql, "select @a := 5", "it assigns a variable"),
        (
            Mysql,
            "select * from t where a = 'x...",
            "it cannot be parsed (sql parser error: Unterminated string literal at Line: 1, Column: 27)",
        ),
        (Mariadb, "select next value for s", "it advances a sequence"),
        (Sqlite, "select load_extension('x')", "it calls load_extension()"),
        (Sqlite, "select from from", "?"),
        (Engine::Mongodb, "db.t.find()", "MongoDB has no SQL"),
    ];
    for (engine, sql, reason) in cases {
        let answer = is_single_select_without_side_effects(sql, engine).expect_err(sql);
        if reason != "?" {
            assert_eq!(answer, reason, "{sql}");
        }
    }
}

#[test]
fn kinds_for_plain_explain() {
    let cases = [
        (Postgres, "/* tag */ SELECT 1", Ok(QueryKind::Select)),
        (Postgres, "with a as (select 1) update t set b = 1", Ok(QueryKind::Update)),
        (
            Postgres,
            "with a as (select replace(b, 'x', 'y') from c) select 1",
            Ok(QueryKind::Select),
        ),
        (
            Postgres,
            "merge into t using u on t.a = u.a when matched then delete",
            Ok(QueryKind::Update),
        ),
        (Mysql, "replace into t values (?)", Ok(QueryKind::Insert)),
        (Mysql, "((select 1))", Ok(QueryKind::Select)),
        (Mysql, "select * from t where a in (1, 2...", Err("its text is cut off")),
        (Mysql, "merge into t", Err("MySQL has no MERGE")),
        (Postgres, "set work_mem = 1", Err("EXPLAIN does not take SET")),
        (Postgres, "begin", Err("EXPLAIN does not take BEGIN")),
        (Postgres, "$1", Err("EXPLAIN does not take $1")),
        (Postgres, "with a as b", Err("no statement follows its WITH")),
        (Postgres, "((", Err("it is empty")),
    ];
    for (engine, sql, expected) in cases {
        assert_eq!(explainable(sql, engine), expected.map_err(str::to_owned), "{sql}");
    }
}
