//! The gate on PostgreSQL: baseline, a dropped index, injected statistics, two servers.

use crate::database::Database;
use crate::formats;
use crate::servers::server;
use crate::support::{Run, TestEnv};

const SCHEMA: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city varchar(5));
    CREATE TABLE orders (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer_id int NOT NULL REFERENCES customers,
        status text NOT NULL CHECK (status <> ''),
        total numeric,
        created timestamptz NOT NULL DEFAULT now());
    CREATE INDEX orders_customer_idx ON orders (customer_id);
    CREATE INDEX orders_created_idx ON orders (created);
    CREATE TABLE events (id int, at date NOT NULL, kind text) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
    CREATE INDEX ON events (at);";

const ROWS: &str = "
    INSERT INTO customers SELECT i, 'n' || i, 'c' || i % 50 FROM generate_series(1, 10000) i;
    INSERT INTO orders (customer_id, status, total, created)
    SELECT 1 + (i::bigint * 7919) % 10000,
           CASE WHEN i % 100 = 0 THEN 'open' WHEN i % 3 = 0 THEN 'paid' ELSE 'done' END,
           i % 100, '2025-06-01'::timestamptz - i * interval '1 min'
      FROM generate_series(1, 150000) i;
    INSERT INTO events SELECT i, '2025-01-01'::date + i % 360, 'k' || i % 7 FROM generate_series(1, 60000) i;";

const QUERIES: &str = "\
-- name: by_customer
SELECT id, total FROM orders WHERE customer_id = 42;
-- name: open_orders
SELECT count(*) FROM orders WHERE status = 'open';
-- name: newest
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
WHERE o.created > '2025-05-31' ORDER BY o.created DESC LIMIT 10;
-- name: all_joined
SELECT c.city, count(*), sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.city;
-- name: days
SELECT * FROM orders WHERE created BETWEEN '2025-04-01' AND '2025-04-03';
-- name: events_of_day
SELECT count(*) FROM events WHERE at = '2025-03-04';
-- name: count_all
SELECT count(*) FROM orders;
";

/// A database with rows and statistics, and a home with statements and a baseline of it.
fn with_baseline(url: &str, name: &str) -> (Database, TestEnv) {
    let full = Database::create(url, name);
    full.run(SCHEMA);
    full.run(ROWS);
    full.run("VACUUM ANALYZE");
    let env = TestEnv::new();
    std::fs::create_dir(env.path("sql")).unwrap();
    env.file("sql/shop.sql", QUERIES);
    let target = full.url();
    env.run(["baseline", "init", "--queries", "sql", "--target", &target, "--out", "plans"])
        .code(0);
    (full, env)
}

fn gate(env: &TestEnv, target: &str, more: &[&str]) -> Run {
    env.run(["diff", "plans", "--against", target].iter().chain(more).copied())
}

#[test]
fn a_dropped_index_fails_the_build() {
    let Some(url) = server("PG16") else { return };
    let (database, env) = with_baseline(&url, "planscope_gate");
    let target = database.url();
    gate(&env, &target, &["--fail-on", "changed"]).code(0);
    for file in std::fs::read_dir(env.path("plans")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for literal in ["= 42", "'open'", "2025-"] {
            assert!(!text.contains(literal), "{text}");
        }
    }
    // New statistics move costs a little; the gate and the files stay calm.
    database.run("ANALYZE");
    gate(&env, &target, &["--fail-on", "changed"]).code(0);
    let accept = env.run(["baseline", "accept", "--target", &target]).code(0);
    assert!(accept.stdout.contains("Nothing to accept"), "{}", accept.shown());

    database.run("DROP INDEX orders_customer_idx");
    let text = gate(&env, &target, &[]).code(1);
    for word in [
        "by_customer",
        "index orders_customer_idx on orders (customer_id) was dropped",
        "CREATE INDEX CONCURRENTLY orders_customer_idx ON public.orders",
    ] {
        assert!(text.stdout.contains(word), "no `{word}` in {}", text.shown());
    }
    let outputs = ["junit", "sarif", "github", "gitlab"];
    let [junit, sarif, github, gitlab] =
        outputs.map(|format| gate(&env, &target, &["--format", format]).code(1).stdout);
    assert_eq!((formats::junit(&junit).tests, formats::junit(&junit).failures), (7, 1));
    assert_eq!(
        formats::sarif(&sarif)[0]["locations"][0]["physicalLocation"]["region"]["startLine"],
        2
    );
    assert_eq!((formats::github(&github).len(), formats::gitlab(&gitlab).len()), (1, 1));
    let settings =
        gate(&env, &format!("{target}?options=-c%20enable_hashjoin%3Doff"), &["--format", "json"]);
    assert!(settings.code == Some(1) || settings.code == Some(2), "{}", settings.shown());
}

#[test]
fn an_empty_database_plans_like_the_full_one() {
    for version in ["PG15", "PG18"] {
        let Some(url) = server(version) else { return };
        let (full, env) = with_baseline(&url, "planscope_gate_full");
        let empty = Database::create(&url, "planscope_gate_empty");
        empty.run(SCHEMA);
        let collect =
            ["collect", &full.url(), "--queries", "sql", "--keep-literals", "--store", "s"];
        env.run(collect).code(0);
        let stats = ["--inject-stats", "latest", "--store", "s", "--tolerance", "1.5"];
        let target = empty.url();
        // Twice: what the first run left in the files must not add up.
        for _ in 0..2 {
            let run = gate(
                &env,
                &target,
                &[&stats[..], &["--fail-on", "changed", "--format", "json"]].concat(),
            );
            let run = run.code(0);
            assert!(run.stderr.contains("WRITING the statistics"), "{}", run.shown());
            let document = run.json();
            let statements = document["statements"].as_array().unwrap();
            assert_eq!(statements.len(), 7);
            assert!(statements.iter().all(|s| s["verdict"] == "same"), "{version}: {document:#}");
        }
        let rows = "SELECT count(*) + (SELECT count(*) FROM customers) + (SELECT count(*) FROM events) FROM orders";
        assert_eq!(empty.value(rows), "0");
        let schema = "SELECT string_agg(format('%s %s %s', attrelid::regclass, attname, attnotnull), ',' ORDER BY 1)
            FROM pg_attribute WHERE attrelid::regclass::text ~ '^(orders|customers|events)' AND attnum > 0 AND NOT attisdropped";
        assert_eq!(empty.value(schema), full.value(schema), "the schema is as it was");
        let constraints = "SELECT string_agg(format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)), ',' ORDER BY 1)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace";
        assert_eq!(empty.value(constraints), full.value(constraints));

        empty.run("DROP INDEX orders_customer_idx");
        gate(&env, &target, &stats).code(1);
        let wrong = gate(&env, &full.url(), &stats);
        wrong.fails_with(2, "is no scratch database");
    }
}

#[test]
fn what_statistics_without_values_can_do_and_cannot() {
    let Some(url) = server("PG18") else { return };
    let (full, env) = with_baseline(&url, "planscope_gate_private");
    let empty = Database::create(&url, "planscope_gate_private_empty");
    empty.run(SCHEMA);
    env.run(["collect", &full.url(), "--queries", "sql", "--store", "s"]).code(0);
    let stats =
        ["--inject-stats", "latest", "--store", "s", "--tolerance", "1.5", "--format", "json"];
    let run = gate(&env, &empty.url(), &stats).code(0);
    assert!(run.stderr.contains("the snapshot has no values"), "{}", run.shown());
    let document = run.json();
    let of = |name: &str| {
        let all = document["statements"].as_array().unwrap();
        all.iter().find(|s| s["name"] == name).unwrap()["verdict"].clone()
    };
    for name in ["by_customer", "newest", "all_joined", "count_all", "events_of_day"] {
        assert_eq!(of(name), "same", "{name}: {document:#}");
    }
}

#[test]
fn statistics_take_a_superuser_before_18() {
    let Some(url) = server("PG15") else { return };
    let (full, env) = with_baseline(&url, "planscope_gate_weak");
    let empty = Database::create(&url, "planscope_gate_weak_empty");
    empty.run(SCHEMA);
    let role = format!("planscope_gate_role_{}", std::process::id());
    empty.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"));
    env.run(["collect", &full.url(), "--queries", "sql", "--store", "s"]).code(0);
    let weak = empty.url_as(&role, "pw");
    let run = gate(&env, &weak, &["--inject-stats", "latest", "--store", "s"]);
    empty.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    run.fails_with(2, "superuser");
}

#[test]
fn two_servers_are_compared_and_runs_are_made_in_turns() {
    let (Some(old), Some(new)) = (server("PG13"), server("PG18")) else { return };
    let (before, env) = with_baseline(&old, "planscope_gate_old");
    let after = Database::create(&new, "planscope_gate_new");
    after.run(SCHEMA);
    after.run(ROWS);
    after.run("VACUUM ANALYZE");
    let (a, b) = (before.url(), after.url());
    let run = env.run(["diff", &a, &b, "--queries", "sql"]);
    assert!(
        !run.stdout.contains("WORSE"),
        "another version alone is no regression: {}",
        run.shown()
    );
    let timed =
        ["diff", &a, &b, "--queries", "sql", "--analyze", "--runs", "3", "--format", "json"];
    let document = env.run(timed).json();
    let timings =
        document["statements"].as_array().unwrap().iter().filter(|s| s["timing"].is_object());
    assert!(timings.count() >= 6, "{document:#}");
}

#[test]
fn injection_is_refused_where_it_would_be_a_lie() {
    for (name, engine) in [("MYSQL", "mysql"), ("MARIADB", "mariadb"), ("MONGODB", "mongodb")] {
        let Some(url) = server(name) else { continue };
        let env = TestEnv::new();
        let snapshot = serde_json::json!({
            "schema": "planscope.snapshot/1",
            "target": {"name": "shop", "engine": engine, "version": "1"},
            "taken_at": "2026-01-01T00:00:00Z",
            "statements": [{"fingerprint": "0000000000000abc", "text": "SELECT 1"}],
        });
        env.file("prod.json", snapshot.to_string());
        let run = env.run(["diff", "prod.json", &url, "--inject-stats", "prod.json"]);
        run.fails_with(2, "statistics cannot be injected");
    }
}
