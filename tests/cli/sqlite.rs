//! The whole way on SQLite: collect, explain, analyze, advise, diff, doctor, demo.

use crate::support::TestEnv;
use std::os::unix::fs::PermissionsExt;

/// A database with one table that lacks an index, and statements on it.
fn shop(env: &TestEnv) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(env.path("shop.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, total REAL);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
             INSERT INTO orders SELECT i, (i * 7919) % 3000, i % 100 FROM n;
             ANALYZE;",
        )
        .unwrap();
    env.file(
        "shop.sql",
        "-- name: orders_of_customer\n-- calls: 3\n\
         SELECT id, total FROM orders WHERE customer_id = 42;\n\
         -- name: one_order\nSELECT * FROM orders WHERE id = 7;\n",
    );
    database
}

const COLLECT: [&str; 6] =
    ["collect", "sqlite:shop.db", "--queries", "shop.sql", "--store", ".planscope"];

#[test]
fn from_collect_to_a_failing_diff_and_back() {
    let env = TestEnv::new();
    let database = shop(&env);
    let index = "CREATE INDEX orders_customer_id_idx ON orders (customer_id)";
    database.execute_batch(&format!("{index}; ANALYZE;")).unwrap();
    env.run(COLLECT).code(0);
    database.execute_batch("DROP INDEX orders_customer_id_idx").unwrap();
    env.run(COLLECT).code(0);

    let diff = env.run(["diff", "@2", "@1"]).code(1);
    for word in ["WORSE", "orders_of_customer", "orders_customer_id_idx"] {
        assert!(diff.stdout.contains(word), "no {word} in {}", diff.shown());
    }
    let found = env.run(["analyze", "latest", "--fail-on", "low"]).code(1);
    assert!(found.stdout.contains("filter-without-index"), "{}", found.shown());
    let advice = env.run(["advise", "latest", "--ask", "sqlite:shop.db", "--format", "json"]);
    let advice = advice.code(0).json();
    assert_eq!(advice["advice"][0]["columns"][0]["name"], "customer_id", "{advice:#}");
    assert_eq!(advice["advice"][0]["proof"], "hypothetical");

    database.execute_batch(index).unwrap();
    env.run(COLLECT).code(0);
    env.run(["diff", "@3", "@1"]).code(0);
    let better = env.run(["diff", "@2", "@1", "--format", "json"]).code(0).json();
    assert_eq!(better["verdict"], "better", "{better:#}");
}

#[test]
fn snapshots_are_private_and_without_literals() {
    let env = TestEnv::new();
    shop(&env);
    let run = env.run(COLLECT.iter().copied().chain(["--format", "json"])).code(0);
    let path = run.json()["path"].as_str().unwrap().replace("[HOME]/", "");
    let mode = std::fs::metadata(env.path(path)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let named = env.run(["snapshots", "path", "--format", "json"]).code(0).json();
    let path = named["path"].as_str().unwrap();
    assert!(path.ends_with("/shop-20260102T030405Z.planscope"), "{named}");
    let args = ["explain", "latest", "--statement", "orders_of_customer"];
    let literal = "customer_id = 42";
    let shown = env.run(args).code(0);
    assert!(!shown.stdout.contains(literal), "{}", shown.shown());
    env.run(COLLECT.iter().copied().chain(["--keep-literals"])).code(0);
    assert!(env.run(args).code(0).stdout.contains(literal));
}

#[test]
fn a_statement_is_explained_on_the_database() {
    let env = TestEnv::new();
    shop(&env);
    let sql = "SELECT * FROM orders WHERE customer_id = 1";
    let run = env.run(["explain", "shop.db", sql]).code(0);
    assert!(run.stdout.contains("SCAN orders"), "{}", run.shown());
    env.run(["explain", "shop.db", "SELECT * FROM nowhere"]).code(2);
    env.run(["explain", "shop.db"]).fails_with(2, "which statement");
}

#[test]
fn the_database_is_never_written() {
    let env = TestEnv::new();
    shop(&env);
    let before = std::fs::read(env.path("shop.db")).unwrap();
    env.file("evil.sql", "DELETE FROM orders;\nSELECT 1;\n");
    let run = env
        .run([
            "collect",
            "sqlite:shop.db",
            "--queries",
            "evil.sql",
            "--store",
            "s",
            "--format",
            "json",
        ])
        .code(0);
    assert!(run.json()["problems"].as_array().is_some_and(|p| !p.is_empty()), "{}", run.shown());
    env.run(["advise", "sqlite:shop.db", "--queries", "shop.sql"]).code(0);
    assert!(before == std::fs::read(env.path("shop.db")).unwrap());
}

#[test]
fn doctor_looks_at_a_file() {
    let env = TestEnv::new();
    shop(&env);
    let run = env.run(["doctor", "sqlite:shop.db", "--format", "json"]).code(0);
    let document = run.json();
    assert_eq!(document["schema"], "planscope.doctor/1");
    assert!(document["checks"].as_array().is_some_and(|checks| !checks.is_empty()));
}

#[test]
fn demo_finds_proves_and_mends_a_problem() {
    let env = TestEnv::new();
    let run = env.run(["demo", "--keep", "walk"]).code(0);
    for word in ["filter-without-index", "CREATE INDEX", "BETTER", "What to type next"] {
        assert!(run.stdout.contains(word), "no {word} in {}", run.shown());
    }
    let long = run.stdout.lines().find(|line| {
        line.chars().count() > 80 && !line.contains("CREATE INDEX") && !line.contains('/')
    });
    assert_eq!(long, None);
    for file in ["shop.db", "shop.sql", ".planscope"] {
        assert!(env.path("walk").join(file).exists(), "{file} was not kept");
    }
    env.run(["demo", "--keep", "walk"]).fails_with(2, "not empty");
}
