//! The gate: a repository with a baseline, a pull request that drops an index, every output.

use crate::formats;
use crate::support::TestEnv;
use rusqlite::Connection;
use std::path::Path;
use std::process::Command;

const SCHEMA: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, status TEXT,
                         total REAL, created TEXT);
    CREATE INDEX orders_customer_id_idx ON orders (customer_id);
    CREATE INDEX orders_created_idx ON orders (created, status);";

const ROWS: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
    INSERT INTO orders SELECT i, (i * 7919) % 3000, 's' || i % 3, i % 100,
                              date('2020-01-01', (i % 900) || ' days') FROM n;
    INSERT INTO customers SELECT id, 'n' || id, 'c' || id % 50 FROM orders WHERE id <= 3000;
    ANALYZE;";

const QUERIES: &str = "\
-- name: orders_of_customer
SELECT id, total FROM orders WHERE customer_id = 42;

-- name: newest_orders
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
WHERE o.created > '2021-06-01' ORDER BY o.created LIMIT 10;

-- name: one_order
SELECT * FROM orders WHERE id = 7;
";

fn git(env: &TestEnv, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(env.path(""))
        .env("HOME", env.path(""))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn database(path: &Path, rows: bool) -> Connection {
    let database = Connection::open(path).unwrap();
    database.execute_batch(SCHEMA).unwrap();
    if rows {
        database.execute_batch(ROWS).unwrap();
    }
    database
}

/// A repository with a database, statements, and a committed baseline.
fn repository() -> (TestEnv, Connection) {
    let env = TestEnv::new();
    let connection = database(&env.path("shop.db"), true);
    std::fs::create_dir(env.path("sql")).unwrap();
    env.file("sql/shop.sql", QUERIES);
    env.file(".gitignore", "*.db\n.planscope/\n");
    git(&env, &["init", "-q"]);
    let made = env
        .run([
            "baseline",
            "init",
            "--queries",
            "sql/",
            "--target",
            "sqlite:shop.db",
            "--out",
            "plans/",
        ])
        .code(0);
    assert!(made.stdout.contains("3 files written"), "{}", made.shown());
    git(&env, &["add", "."]);
    git(&env, &["commit", "-qm", "baseline"]);
    (env, connection)
}

const DIFF: [&str; 4] = ["diff", "plans", "--against", "sqlite:shop.db"];

fn diff(env: &TestEnv, more: &[&str]) -> crate::support::Run {
    env.run(DIFF.iter().chain(more).copied())
}

#[test]
fn a_dropped_index_fails_the_build_in_every_output() {
    let (env, connection) = repository();
    diff(&env, &[]).code(0);
    connection.execute_batch("DROP INDEX orders_customer_id_idx").unwrap();

    let text = diff(&env, &[]).code(1);
    for word in [
        "WORSE",
        "orders_of_customer",
        "sql/shop.sql:2",
        "index orders_customer_id_idx on orders (customer_id) was dropped",
        "CREATE INDEX orders_customer_id_idx ON orders (customer_id);",
        "-   SEARCH orders using orders_customer_id_idx",
        "+   SCAN orders",
    ] {
        assert!(text.stdout.contains(word), "no `{word}` in {}", text.shown());
    }
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{}", text.shown());
    let wide = diff(&env, &["--width", "130"]).code(1).stdout;
    assert!(
        wide.lines().any(|l| l.contains("SEARCH orders") && l.contains("SCAN orders")),
        "{wide}"
    );

    let markdown = diff(&env, &["--format", "markdown"]).code(1).stdout;
    assert!(markdown.contains("<details><summary>") && markdown.len() <= 65_000, "{markdown}");
    let counts = formats::junit(&diff(&env, &["--format", "junit"]).code(1).stdout);
    assert_eq!((counts.tests, counts.failures, counts.skipped), (3, 1, 0));
    let results = formats::sarif(&diff(&env, &["--format", "sarif"]).code(1).stdout);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "sql/shop.sql");
    assert_eq!((results.len(), &place["region"]["startLine"]), (1, &2.into()));
    let commands = formats::github(&diff(&env, &["--format", "github"]).code(1).stdout);
    assert_eq!((commands.len(), commands[0].0.as_str()), (1, "error"));
    assert_eq!(
        commands[0].1[..2],
        [("file".into(), "sql/shop.sql".into()), ("line".into(), "2".into())]
    );
    let entries = formats::gitlab(&diff(&env, &["--format", "gitlab"]).code(1).stdout);
    assert_eq!(entries[0]["location"]["lines"]["begin"], 2);

    let json = diff(&env, &["--format", "json"]).code(1).json();
    let schema = env.run(["util", "schema", "diff"]).code(0).json();
    let validator = jsonschema::Validator::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{json:#}");
    assert_eq!((&json["verdict"], &json["gate"]["failed"]), (&"worse".into(), &true.into()));
    assert_eq!(json["statements"][0]["advice"][0]["proof"], "undo");
    for unsuited in ["junit", "sarif", "github", "gitlab"] {
        let run = env.run(["analyze", "shop.db", "--queries", "sql", "--format", unsuited]).code(2);
        assert!(run.stderr.contains(&format!("no --format {unsuited}")), "{}", run.shown());
    }
}

#[test]
fn a_regression_is_accepted_after_review_and_reviews_well() {
    let (env, connection) = repository();
    connection.execute_batch("DROP INDEX orders_customer_id_idx").unwrap();
    let accept = |more: &[&str]| {
        env.run(["baseline", "accept", "--target", "sqlite:shop.db"].iter().chain(more).copied())
    };
    let shown = accept(&[]).code(0);
    assert!(shown.stdout.contains("3 files would change"), "{}", shown.shown());
    assert!(shown.stdout.contains("worse: orders lost index"), "{}", shown.shown());
    assert_eq!(git(&env, &["status", "--short"]), "", "nothing is written without being asked to");

    accept(&["no_such_query"]).fails_with(2, "no statement `no_such_query`");
    accept(&["orders_of_customer"]).code(0);
    assert_eq!(git(&env, &["status", "--short"]), " M plans/orders_of_customer.plan\n");
    let changed = git(&env, &["diff", "--unified=0"]);
    assert!(
        changed.contains("-    IndexScan label SEARCH on orders using orders_customer_id_idx"),
        "{changed}"
    );
    assert!(changed.contains("+    SeqScan label SCAN on orders"), "{changed}");
    diff(&env, &[]).code(0);
    accept(&["--all"]).code(0);
    let again = accept(&[]).code(0);
    assert!(again.stdout.contains("Nothing to accept"), "{}", again.shown());
}

#[test]
fn baselines_are_stable_and_hold_no_literals() {
    let (env, connection) = repository();
    let read = || {
        let mut files: Vec<(String, String)> = std::fs::read_dir(env.path("plans"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .map(|p| (p.display().to_string(), std::fs::read_to_string(p).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = read();
    assert!(before.iter().all(|(_, text)| !text.contains("= 42") && !text.contains("2021-06-01")));
    // Five percent more rows, and another ANALYZE: no line changes, and the gate stays calm.
    connection
        .execute_batch(
            "INSERT INTO orders SELECT id + 40000, customer_id, status, total, created FROM orders
             WHERE id <= 2000; ANALYZE;",
        )
        .unwrap();
    diff(&env, &["--fail-on", "changed"]).code(0);
    env.run(["baseline", "accept", "--all", "--target", "sqlite:shop.db"]).code(0);
    assert_eq!(read(), before);
}

#[test]
fn queries_that_are_new_gone_renamed_or_rewritten() {
    let (env, connection) = repository();
    env.file(
        "sql/shop.sql",
        "-- name: customer_orders\nSELECT id, total FROM orders WHERE customer_id = 42;\n\
         -- name: one_order\nSELECT * FROM orders WHERE total = 7;\n\
         -- name: cities\nSELECT DISTINCT city FROM customers;\n",
    );
    // Rewritten so that no index fits: compared by its name, and worse.
    let run = diff(&env, &["--format", "json"]).code(1).json();
    let one =
        run["statements"].as_array().unwrap().iter().find(|s| s["name"] == "one_order").unwrap();
    assert_eq!((&one["verdict"], &one["rewritten"]), (&"worse".into(), &true.into()), "{run:#}");
    let text = diff(&env, &[]).code(1);
    assert!(text.stdout.contains("- SELECT * FROM orders WHERE id = ?"), "{}", text.shown());
    assert!(
        text.stdout.contains("added: cities") && text.stdout.contains("removed: newest_orders")
    );

    let accept = ["baseline", "accept", "--all", "--target", "sqlite:shop.db"];
    let done = env.run(accept.iter().copied().chain(["--format", "json"])).code(0).json();
    let actions: Vec<String> = done["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{} {}", f["action"].as_str().unwrap(), f["query"].as_str().unwrap()))
        .collect();
    assert_eq!(
        actions,
        ["add cities", "rename customer_orders", "remove newest_orders", "change one_order"]
    );
    let mut files: Vec<_> =
        std::fs::read_dir(env.path("plans")).unwrap().map(|e| e.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["cities.plan", "customer_orders.plan", "one_order.plan"]);
    diff(&env, &["--fail-on", "changed"]).code(0);

    // A statement that has no plan any more is not one that is fine.
    connection.execute_batch("ALTER TABLE customers RENAME COLUMN city TO town").unwrap();
    let lost = diff(&env, &[]).code(3);
    assert!(lost.stdout.contains("no such column: city"), "{}", lost.shown());
    let kept = env.run(accept).code(0);
    assert!(kept.stdout.contains("cities has no plan now; its file stays"), "{}", kept.shown());
    assert!(env.path("plans/cities.plan").exists());
}

/// What it printed, without the breaks of lines.
fn flat(run: &crate::support::Run) -> String {
    run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn policies_allow_for_a_while_and_say_what_is_left_over() {
    let (env, connection) = repository();
    connection.execute_batch("DROP INDEX orders_customer_id_idx").unwrap();
    let with = |toml: &str| {
        env.file("planscope.toml", toml);
        diff(&env, &[])
    };
    let allow = |query: &str, expires: &str| {
        format!(
            "[[diff.allow]]\nquery = \"{query}\"\nreason = \"ticket 7\"\nexpires = \"{expires}\"\n"
        )
    };
    let allowed = with(&allow("orders_of_customer", "2026-12-31")).code(0);
    assert!(allowed.stdout.contains("1 statement is allowed"), "{}", allowed.shown());
    assert_eq!(allowed.stderr, "");
    let expired = with(&allow("orders_of_customer", "2026-01-01")).code(1);
    assert!(
        flat(&expired).contains("planscope.toml:1: the allow expired on 2026-01-01"),
        "{}",
        expired.shown()
    );
    let both = format!("{}{}", allow("orders_*", "2026-12-31"), allow("gone", "2026-12-31"));
    let unused = with(&both).code(0);
    assert!(
        flat(&unused).contains("planscope.toml:5: the allow lets nothing pass"),
        "{}",
        unused.shown()
    );
    let junit = diff(&env, &["--format", "junit"]).code(0);
    assert!(
        junit.stderr.contains("planscope.toml:5: the allow lets nothing pass"),
        "{}",
        junit.shown()
    );
    let counts = formats::junit(&junit.stdout);
    assert_eq!((counts.failures, counts.skipped), (0, 1));
    let results = formats::sarif(&diff(&env, &["--format", "sarif"]).code(0).stdout);
    assert_eq!(results[0]["suppressions"][0]["kind"], "external");

    with("[diff]\nfail-on = [\"sort-added\"]\n").code(0);
    with("[[diff.policy]]\nquery = \"orders_*\"\ntolerance = 100000\n").code(0);
    with("[[diff.policy]]\nquery = \"orders_*\"\nfail-on = [\"never\"]\n").code(0);
    diff(&env, &["--fail-on", "access-path,cost"]).code(0);
    with("[diff]\ntolerance = 3\n").code(1);
    diff(&env, &["--fail-on", "access-path,cost"]).code(1);
    diff(&env, &["--fail-on", "never"]).code(0);

    with("[[diff.allow]]\nquery = \"x\"\nreason = \"y\"\nexpires = \"soon\"\n")
        .fails_with(2, "planscope.toml:4:11");
    let doctor = env.run(["doctor", "--config"]).code(1);
    assert!(doctor.stdout.contains("planscope.toml:4:11"), "{}", doctor.shown());
    env.file("planscope.toml", both);
    let doctor = env.run(["doctor", "--config"]).code(0);
    assert!(doctor.stdout.contains("ticket 7"), "{}", doctor.shown());
}

#[test]
fn the_config_names_baseline_queries_and_target() {
    let (env, _connection) = repository();
    env.file(
        "planscope.toml",
        "[targets.ci]\nurl = \"sqlite:shop.db\"\n[baseline]\nfolder = \"plans\"\nqueries = [\"sql\"]\ntarget = \"ci\"\n",
    );
    let shown = env.run(["baseline", "accept"]).code(0);
    assert!(shown.stdout.contains("Nothing to accept"), "{}", shown.shown());
    env.run(["diff", "plans", "--against", "ci"]).code(0);
    env.run(["baseline", "init"]).fails_with(2, "holds a baseline already");
}

#[test]
fn bad_input_changes_nothing() {
    let (env, _connection) = repository();
    let warp = diff(&env, &["--fail-on", "warp"]).code(2);
    assert!(warp.stderr.contains("there is no `warp` to fail on"), "{}", warp.shown());
    diff(&env, &["--runs", "5"]).fails_with(2, "--runs");
    diff(&env, &["--runs", "5", "--analyze"]).fails_with(2, "both sides");
    let twice = ["diff", "sqlite:shop.db", "sqlite:shop.db", "--analyze", "--runs", "5"];
    env.run(twice).fails_with(2, "--runs needs the statements");
    env.run(["diff", "plans"]).code(2);
    env.run(["diff", "plans", "--against", "nowhere"]).fails_with(2, "nowhere");
    env.run(["diff", "sql", "--against", "sqlite:shop.db"]).fails_with(2, "holds no baseline");
    let accept = ["baseline", "accept", "--all", "--target", "sqlite:shop.db"];
    let good = std::fs::read_to_string(env.path("plans/one_order.plan")).unwrap();
    for (name, text) in [
        ("foreign.plan", "Seq Scan on orders".to_owned()),
        ("cut.plan", good[..good.len() / 2].replace("one_order", "cut")),
        (
            "conflict.plan",
            good.replace("\nplan:", "\n<<<<<<< HEAD\nplan:").replace("one_order", "x"),
        ),
        ("newer.plan", good.replace("baseline 1", "baseline 2")),
        ("twice.plan", good.clone()),
    ] {
        let path = env.file(&format!("plans/{name}"), &text);
        env.run(DIFF).fails_with(2, name);
        env.run(accept).fails_with(2, name);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::remove_file(path).unwrap();
    }
    let other = env.file(
        "plans/other.plan",
        good.replace("sqlite 3", "sqlite 2").replace("one_order", "other"),
    );
    env.run(DIFF).fails_with(2, "accepted on different servers");
    std::fs::remove_file(other).unwrap();
    assert_eq!(git(&env, &["status", "--short"]), "");
}

#[test]
fn everything_can_be_compared_with_everything() {
    let (env, connection) = repository();
    let collect = ["collect", "sqlite:shop.db", "--queries", "sql", "--store", ".planscope"];
    env.run(collect).code(0);
    connection.execute_batch("DROP INDEX orders_customer_id_idx").unwrap();
    let compare =
        |args: &[&str], code: i32| env.run(["diff"].iter().chain(args).copied()).code(code);
    compare(&["plans", "latest"], 0);
    compare(&["latest", "sqlite:shop.db"], 1);
    compare(&["sqlite:shop.db", "latest"], 0);
    compare(&["plans/one_order.plan", "sqlite:shop.db"], 0);
    database(&env.path("other.db"), true);
    compare(&["other.db", "shop.db", "--queries", "sql"], 1);
    let runs = ["other.db", "shop.db", "--queries", "sql", "--analyze", "--runs", "5"];
    let timed = compare(&[&runs[..], &["--format", "json"]].concat(), 1).json();
    let timing = &timed["statements"][0]["timing"];
    assert_eq!(timing["runs"], serde_json::json!([5, 5]), "{timed:#}");
    assert!(timing["confidence"].as_f64().is_some_and(|c| (0.0..=1.0).contains(&c)), "{timing}");
    env.file("plan.txt", "QUERY PLAN\n`--SCAN orders\n");
    let plan = ["plan.txt", "latest", "--statement", "orders_of_customer"];
    assert!(compare(&plan, 0).stdout.contains("BETTER"));
    env.run(["diff", "plan.txt", "latest"]).fails_with(2, "which statement");
    compare(&["plans", "latest", "--statement", "one_order"], 0);
}

#[test]
fn an_empty_database_plans_like_the_full_one() {
    let (env, _connection) = repository();
    env.run(["collect", "sqlite:shop.db", "--queries", "sql", "--store", ".planscope"]).code(0);
    let empty = database(&env.path("empty.db"), false);
    let plan = |sql: &str| -> Vec<String> {
        let empty = Connection::open(env.path("empty.db")).unwrap();
        let mut statement = empty.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect()
    };
    // Without statistics SQLite takes the index on the status, which three values share.
    let sql = "SELECT * FROM orders WHERE created = '2020-05-05' AND customer_id = 9";
    let against = [
        "diff",
        "plans",
        "--against",
        "sqlite:empty.db",
        "--inject-stats",
        "latest",
        "--fail-on",
        "changed",
    ];
    let run = env.run(against).code(0);
    assert!(run.stderr.contains("warning: WRITING the statistics of"), "{}", run.shown());
    let json = env.run(against.iter().copied().chain(["--format", "json"])).code(0).json();
    for statement in json["statements"].as_array().unwrap() {
        let measure = &statement["measures"][0];
        let ratio = measure["after"].as_f64().unwrap() / measure["before"].as_f64().unwrap();
        assert!((0.8..1.25).contains(&ratio), "{statement:#}");
    }
    let full = Connection::open(env.path("shop.db")).unwrap();
    let mut of_full = full.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let expected: Vec<String> =
        of_full.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
    assert_eq!(plan(sql), expected);
    assert_eq!(
        empty.query_row("SELECT count(*) FROM orders", [], |row| row.get::<_, i64>(0)),
        Ok(0)
    );

    empty.execute_batch("DROP INDEX orders_customer_id_idx").unwrap();
    env.run(against).code(1);
    // The full one is no scratch database: its statistics stay as they are.
    let before = std::fs::read(env.path("shop.db")).unwrap();
    let wrong = ["diff", "plans", "--against", "sqlite:shop.db", "--inject-stats", "latest"];
    env.run(wrong).fails_with(2, "no scratch database");
    assert_eq!(std::fs::read(env.path("shop.db")).unwrap(), before);
    env.run(["diff", "plans", "--against", "sqlite:none.db", "--inject-stats", "latest"])
        .fails_with(2, "none.db");
    let url = "postgres://app:secret@127.0.0.1:1/shop";
    let run = env.run(["diff", "plans", "--against", url, "--inject-stats", url]);
    assert!(!run.fails_with(2, "is no snapshot").shown().contains("secret"));
}
