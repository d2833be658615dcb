//! Tests of normalizing, fingerprints and redaction.

use super::*;
use proptest::prelude::*;

use Engine::{Mariadb, Mysql, Postgres, Sqlite};

#[test]
fn normalized_texts() {
    for (engine, sql, expected) in NORMALIZED {
        assert_eq!(normalize(sql, *engine), *expected, "{engine}: {sql}");
    }
}

/// What a server keeps in its statistics, and what was sent.
#[test]
fn server_text_and_sent_text_share_a_fingerprint() {
    let pairs: &[(Engine, &str, &str)] = &[
        (
            Postgres,
            "SELECT * FROM t WHERE a = $1 AND b IN ($2, $3) LIMIT $4",
            "select * from t where a = -7 and b in ('x','y','z') limit 10",
        ),
        (
            Postgres,
            "select 1 from t where d > date $1 and e > now() - interval $2",
            "select 1 from t where d > date '2024-01-01' and e > now() - interval '1 day'",
        ),
        (
            Postgres,
            "SELECT coalesce(a, $1), $2 FROM t WHERE x IS NULL",
            "SELECT coalesce(a, NULL), true FROM t WHERE x IS NULL",
        ),
        (Postgres, "UPDATE t SET a = $1, b = $2", "UPDATE t SET a = NULL, b = -1.5"),
        (
            Postgres,
            "SELECT extract($1 FROM a), extract( $2 from b) FROM t GROUP BY extract($3 FROM a)",
            "SELECT extract(year FROM a), EXTRACT('dow' FROM b) FROM t GROUP BY extract(year FROM a)",
        ),
        (
            Mysql,
            "SELECT SQL_NO_CACHE * FROM `t`",
            "SELECT /*!40001 SQL_NO_CACHE */ * FROM `t` /* c */",
        ),
        (Mysql, "SET NAMES `utf8mb4`", "/*!40101 SET NAMES utf8mb4 */"),
        (
            Mysql,
            "SELECT * FROM `voyages` WHERE `dest` = ? AND STATUS IN (...)",
            "SELECT * FROM voyages WHERE dest=4 AND status IN ('lost',\"delayed\")",
        ),
        (
            Mysql,
            "INSERT INTO `t` ( `a` , `b` ) VALUES (...) /* , ... */",
            "INSERT INTO t (a,b) VALUES (1,'x'),(2,'y')",
        ),
        (
            Mysql,
            "SELECT `a` , ? , ... FROM `t` LIMIT ?, ...",
            "select a, 1, null from t limit 20, 10",
        ),
        (
            Mariadb,
            "SELECT `x` . `a` FROM `d` . `t` AS `x` WHERE `x` . `id` = - ?",
            "select x.a from d.t as x where x.id = -4 # c",
        ),
    ];
    for (engine, server, sent) in pairs {
        assert_eq!(normalize(server, *engine), normalize(sent, *engine));
        assert_eq!(fingerprint(server, *engine), fingerprint(sent, *engine));
    }
}

/// A change here changes the identity of every statement in people's snapshots.
#[test]
fn fingerprints_are_stable() {
    let pinned = [
        (Postgres, "SELECT * FROM orders WHERE customer_id = $1"),
        (Mysql, "INSERT INTO `t` VALUES (1, 2), (3, 4)"),
        (Sqlite, "select count(*) from t where a in (1,2) or b like '%x'"),
    ];
    let prints = pinned.map(|(engine, sql)| fingerprint(sql, engine).to_string());
    insta::assert_debug_snapshot!(prints, @r#"
    [
        "ede6d1e6f5c4630e",
        "6d84aa7952b364ef",
        "d75022f73a0997e0",
    ]
    "#);
}

#[test]
fn redacted_texts() {
    for (engine, sql, expected) in REDACTED {
        assert_eq!(redact(sql, *engine), *expected, "{engine}: {sql}");
    }
}

/// Strings made of pieces that mean something to the lexer.
pub(in crate::workload) fn sql_like() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..24).prop_map(|v| v.concat())
}

fn engines() -> impl Strategy<Value = Engine> {
    // A command of MongoDB is no SQL: its laws are in mongodb/tests.rs.
    proptest::sample::select(vec![Postgres, Engine::Mysql, Engine::Mariadb, Engine::Sqlite])
}

fn laws(sql: &str, engine: Engine) {
    let normal = normalize(sql, engine);
    assert_eq!(normalize(&normal, engine), normal, "normalize is not idempotent on {sql:?}");
    let redacted = redact(sql, engine);
    assert_eq!(redact(&redacted, engine), redacted, "redact is not idempotent on {sql:?}");
    assert_eq!(normalize(&redacted, engine), normal, "{sql:?} was redacted to {redacted:?}");
    assert_eq!(
        fingerprint(sql, engine),
        Fingerprint(xxhash_rust::xxh3::xxh3_64(normal.as_bytes()))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn laws_hold_on_any_text(sql in any::<String>(), engine in engines()) {
        laws(&sql, engine);
    }

    #[test]
    fn laws_hold_on_sql_like_text(sql in sql_like(), engine in engines()) {
        laws(&sql, engine);
    }
}

/// What fuzzing found: a quote inside a comment hides neither the end of the comment nor that of
/// one inside it.
#[test]
fn laws_hold_on_quotes_in_nested_comments() {
    for sql in [
        "/*/*\"*/*/A",
        "/*/*'*/'*/ a */ b",
        "/* 'x/*' / b */ c",
        "/* 'x/*/*y' */ c",
        "/*'*/'/*/*/",
        "/*\"/*/",
    ] {
        for engine in Engine::ALL {
            laws(sql, engine);
        }
    }
    assert_eq!(redact("/*/*'SECRET*/'*/ a", Postgres), "/*/*'? */'*/ a");
}

/// Literals never survive, whatever stands around them.
#[test]
fn marked_literals_never_survive() {
    let shapes = [
        "select 'SECRET'",
        "select * from t where a like '%SECRET%' and b = 'SECRET'",
        "insert into t values ('SECRET', \"x\"), (E'SECRET', 2)",
        "select /* a = 'SECRET' */ 1",
        "select date_format(a, 'SECRET')",
        "select a -> 'SECRET x'",
        "select $$SECRET$$",
        "select 'SECRET",
        "alter user x identified by 'SECRET'",
        "a ~ '^SECRET'",
        "= any ('{SECRET,SECRET}'::text[])",
    ];
    for sql in shapes {
        let redacted = redact(sql, Postgres);
        assert!(!redacted.contains("SECRET"), "{redacted}");
    }
}

const NORMALIZED: &[(Engine, &str, &str)] = &[
    (Postgres, "SELECT  a.B, \"c\"\nFROM T -- x\n;;", "select a.b, c from t"),
    (
        Postgres,
        "select \"Order\" from \"order\" where \"null\" = 1",
        "select \"Order\" from order where \"null\" = ?",
    ),
    (
        Mysql,
        "SELECT COUNT ( * ) FROM `Orders` WHERE `t` . `a` = ?",
        "select count(*) from orders where t.a = ?",
    ),
    (Postgres, "where a = -5 and b-1 > - $1", "where a = ? and b - ? > ?"),
    (Postgres, "in (1, -2, '3'::int, null)", "in (...)"),
    (Postgres, "x in ($1 /*, ... */)", "x in (...)"),
    (Postgres, "x = ANY ($1) and y <> all ('{1,2}'::int[])", "x in (...) and y not in (...)"),
    (Postgres, "x = any (array[1,2]::int[])", "x in (...)"),
    (Postgres, "x = any (select 1)", "x = any(select ?)"),
    (Postgres, "x in (a, 1, 2)", "x in (a, ?, ...)"),
    (
        Postgres,
        "x in (now() - interval '3 days', date '2024-01-01', 'a'::timestamp with time zone)",
        "x in (...)",
    ),
    (Postgres, "x in (select y from z where b in (c))", "x in (select y from z where b in (c))"),
    (Postgres, "(a, b) in ((1, 2), (3, 4))", "(a, b) in (...)"),
    (
        Postgres,
        "insert into t (a, b) values (1, default), (now(), nextval('x')) returning a",
        "insert into t(a, b) values (...) returning a",
    ),
    (Postgres, "values (1, (select 2)), (3, 4)", "values (?, (select ?)), (...)"),
    (
        Mysql,
        "insert into t values (...) /* , ... */ on duplicate key update a = values(a)",
        "insert into t values (...) on duplicate key update a = values (a)",
    ),
    (
        Mysql,
        "select f(1, 2), g(a, 1, 2), h(3) limit 5, 10",
        "select f(...), g(a, ?, ...), h(?) limit ?, ...",
    ),
    (
        Mysql,
        "select f (...), g ( a, ?, ... ), h (?) limit ?, ...",
        "select f(...), g(a, ?, ...), h(?) limit ?, ...",
    ),
    (
        Postgres,
        "a is not null and b is true and c = true and d = null",
        "a is not null and b is true and c = ? and d = ?",
    ),
    (Postgres, "order by a asc, b desc", "order by a, b desc"),
    (Postgres, "select 1; ; select b", "select ?; select b"),
    (Postgres, "a != b and c == 1", "a <> b and c = ?"),
    (Sqlite, "select [a b], \"C\" from t where d == @x", "select \"a b\", c from t where d = ?"),
    (Postgres, "data->>'a' @> '{}' ?| b", "data ->> ? @> ? ? | b"),
    (Postgres, "(now() - '7 days'::interval)", "(now() - ?::interval)"),
    (Postgres, "select array[1, 2], a[1]", "select array[...], a[?]"),
    (Postgres, "extract(epoch from x) > date $1", "extract(? from x) > date ?"),
    (
        Postgres,
        "RELEASE SAVEPOINT \"sp_1\"; deallocate all; select release, b from savepoint s",
        "release savepoint ?; deallocate ?; select release, b from savepoint s",
    ),
    (Postgres, "-- nothing", ""),
];

const REDACTED: &[(Engine, &str, &str)] = &[
    (
        Postgres,
        "SELECT * FROM t WHERE a = 42 AND b = 'x''y' LIMIT 10 OFFSET 20",
        "SELECT * FROM t WHERE a = ? AND b = '?' LIMIT 10 OFFSET 20",
    ),
    (
        Mysql,
        "select * from t where a in (1, 2, \"x\") limit 5, 10",
        "select * from t where a in (?, ?, \"?\") limit 5, 10",
    ),
    (
        Postgres,
        "a LIKE '%abc%' or b ilike 'abc%' or c like '%' || $1 and d = '%abc'",
        "a LIKE '%?%' or b ilike '?%' or c like '%' || $1 and d = '?'",
    ),
    (
        Postgres,
        "(a ~~ '%x'::text) AND (b ~~ ANY ('{%a,b%}'::text[])) AND (c ~ '^abc')",
        "(a ~~ '%?'::text) AND (b ~~ ANY ('{%?,?%}'::text[])) AND (c ~ '^?')",
    ),
    (Sqlite, "a glob 'abc*' and b glob '*a'", "a glob 'x*' and b glob '*x'"),
    (
        Postgres,
        "(status)::text = ANY ('{open,\"a,b\",x}'::text[])",
        "(status)::text = ANY ('{?,?,?}'::text[])",
    ),
    (
        Postgres,
        "((InitPlan 1).col1 = 5) and (hashed SubPlan 2) and $0",
        "((InitPlan 1).col1 = ?) and (hashed SubPlan 2) and $0",
    ),
    (
        Postgres,
        "select a::numeric(10,2), cast(b as varchar(20)) order by 1, 2 desc, a + 3",
        "select a::numeric(10,2), cast(b as varchar(20)) order by 1, 2 desc, a + ?",
    ),
    (
        Postgres,
        "date_trunc('day', c) = '2024-01-01' and d->>'email' = 'x@y'",
        "date_trunc('day', c) = '?' and d->>'email' = '?'",
    ),
    (Sqlite, "strftime('%Y-%m', c) = '2024-01'", "strftime('%Y-%m', c) = '?'"),
    (
        Postgres,
        "select $$x$$, E'a\\'b', x'1f' /* a = 'b' 5 */ -- ok",
        "select $$?$$, E'?', x'?' /* a = '?' ? */ -- ok",
    ),
    (
        Mysql,
        "select 1 /*traceparent='00-1',route='%2Fa'*/",
        "select ? /*traceparent='00-1',route='%2Fa'*/",
    ),
    (Postgres, "alter role a password 'x'", "alter role a password '?'"),
    (Mysql, "identified by 12345", "identified by ?"),
    (Postgres, "fetch first 5 rows only", "fetch first 5 rows only"),
    (Postgres, "'open", "'?'"),
];

const PIECES: &[&str] = &[
    " ",
    "\n",
    "a",
    "b1",
    "\"Q\"",
    "\"q\"",
    "`r`",
    "[s]",
    "'x'",
    "'%y%'",
    "\"",
    "'",
    "`",
    "$$",
    "$t$",
    "$1",
    "?",
    "?1",
    ":n",
    "@v",
    "@@w",
    "%s",
    "%(k)s",
    "1",
    "1.5",
    ".5",
    "1e3",
    "0x1F",
    "e'z\\'",
    "x'1f'",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ".",
    "...",
    "::",
    ":",
    ":=",
    "=",
    "!=",
    "<>",
    "==",
    "-",
    "+",
    "*",
    "/",
    "%",
    "|",
    "||",
    "@",
    "#",
    "#2",
    "$",
    "\\",
    "--",
    "/*",
    "*/",
    " in ",
    " in (",
    " values ",
    " values (",
    " any ",
    "= any (",
    "<> all (",
    " array",
    " null ",
    " true ",
    " is ",
    " not ",
    " asc ",
    "savepoint ",
    "release ",
    " as ",
    " and ",
    " select ",
    " order by ",
    " limit ",
    " like ",
    " glob ",
    " date ",
    " interval ",
    "now()",
    "é",
    "E",
    "0X",
    "x",
    "{",
    "}",
    "'{a,b}'",
    "date_trunc(",
    " escape ",
    "->",
    "->>",
];
