//! The whole way on PostgreSQL.

use crate::database::Database;
use crate::servers::server;
use crate::support::{TestEnv, say};
use planscope_collection::store::Store;

/// A shop with 200,000 orders whose index on the customer is there.
const SHOP: &str = "
    CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text, total numeric);
    INSERT INTO orders
    SELECT i, (i * 7919) % 20000, (ARRAY['open', 'paid', 'done'])[1 + i % 3], i % 100
    FROM generate_series(1, 200000) i;
    CREATE INDEX orders_customer_id_idx ON orders (customer_id);
    ANALYZE orders;";

const STATEMENT: &str = "SELECT id, total FROM orders WHERE customer_id = 42";

fn run_workload(database: &Database) {
    for _ in 0..20 {
        database.run(STATEMENT);
    }
}

#[test]
fn a_lost_index_is_found_named_advised_and_mended() {
    let Some(url) = server("PG15") else { return };
    let database = Database::create(&url, "planscope_e2e_lost_index");
    database.run(SHOP);
    database.run("CREATE EXTENSION IF NOT EXISTS hypopg");
    let env = TestEnv::new();
    let target = database.url();
    let collect = || env.run(["collect", &target, "--store", "s"]).code(0);

    run_workload(&database);
    collect();
    database.run("DROP INDEX orders_customer_id_idx");
    run_workload(&database);
    collect();
    let worse = env.run(["diff", "@2", "@1", "--store", "s"]).code(1);
    for word in ["SELECT id, total FROM orders", "orders lost index orders_customer_id_idx"] {
        assert!(worse.stdout.contains(word), "no `{word}` in\n{}", worse.shown());
    }
    let found = env.run(["analyze", "latest", "--store", "s"]).code(0);
    assert!(found.stdout.contains("filter-without-index"), "{}", found.shown());

    let advise = ["advise", "latest", "--ask", &target, "--store", "s", "--format", "json"];
    let advice = env.run(advise).code(0).json();
    let first = &advice["advice"][0];
    assert_eq!(first["table"], "public.orders", "{advice:#}");
    assert_eq!(first["columns"][0]["name"], "customer_id");
    assert_eq!(first["proof"], "hypothetical");
    assert!(first["cost_before"].as_f64() > first["cost_after"].as_f64().map(|c| c * 10.0));
    assert_eq!(database.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'orders'"), "1");

    database.run("CREATE INDEX orders_customer_id_idx ON orders (customer_id)");
    run_workload(&database);
    collect();
    env.run(["diff", "@2", "@1", "--store", "s"]).code(0);
    // The plan is the old one again; what ran since the first snapshot was slow all the same.
    let since = env.run(["diff", "@3", "@1", "--store", "s"]).code(1);
    assert!(since.stdout.contains("the same plan; blocks"), "{}", since.shown());
}

#[test]
fn every_version_is_collected_from() {
    for name in ["PG12", "PG13", "PG14", "PG15", "PG16", "PG17", "PG18"] {
        // 12, 14 and 17 are there only after `dev/servers up --all`.
        let optional = ["PG12", "PG14", "PG17"].contains(&name);
        if optional && std::env::var_os(format!("PLANSCOPE_TEST_{name}")).is_none() {
            say(&format!("skipped: {name} is not up (dev/servers up --all)"));
            continue;
        }
        let Some(url) = server(name) else { return };
        let database = Database::create(&url, "planscope_e2e_versions");
        database.run(SHOP);
        run_workload(&database);
        let env = TestEnv::new();
        let collected = env.run(["collect", &database.url(), "--store", "s", "--format", "json"]);
        let document = collected.code(0).json();
        assert!(document["plans"].as_u64() >= Some(1), "{name}: {document:#}");
        let explained = env.run(["explain", &database.url(), STATEMENT, "--analyze"]).code(0);
        assert!(explained.stdout.contains("orders_customer_id_idx"), "{}", explained.shown());
        let fit = env.run(["doctor", &database.url(), "--format", "json"]).code(0);
        assert_eq!(fit.json()["schema"], "planscope.doctor/1");
    }
}

#[test]
fn files_of_statements_work_on_postgres_too() {
    let Some(url) = server("PG16") else { return };
    let database = Database::create(&url, "planscope_e2e_queries");
    database.run(SHOP);
    let env = TestEnv::new();
    env.file(
        "q.sql",
        "-- name: by_customer\nSELECT * FROM orders WHERE customer_id = 42;\n\
         -- name: by_status\nSELECT count(*) FROM orders WHERE status = 'open';\n\
         -- name: write\nDELETE FROM orders WHERE id = 1;\n",
    );
    let args = ["collect", &database.url(), "--queries", "q.sql", "--store", "s", "--analyze"];
    env.run(args).code(0);
    let shown = env.run(["explain", "latest", "--statement", "by_status", "--store", "s"]).code(0);
    assert!(shown.stdout.contains("self time"), "not run: {}", shown.shown());
    assert!(!shown.stdout.contains("'open'"), "a literal was kept: {}", shown.shown());
    assert_eq!(database.value("SELECT count(*) FROM orders"), "200000");
}

#[test]
fn our_own_statements_are_not_in_the_top() {
    let Some(url) = server("PG18") else { return };
    let database = Database::create(&url, "planscope_e2e_own");
    database.run(SHOP);
    run_workload(&database);
    let env = TestEnv::new();
    for _ in 0..2 {
        env.run(["collect", &database.url(), "--store", "s"]).code(0);
    }
    let path = env.run(["snapshots", "path", "--store", "s"]).code(0).stdout;
    let path = path.trim().replace("[HOME]/", "");
    let snapshot = Store::load(&env.path(path)).unwrap();
    let texts: Vec<&str> = snapshot.statements.iter().map(|s| s.text.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("customer_id")), "{texts:#?}");
    let own = ["planscope", "EXPLAIN", "pg_stat_statements", "pg_catalog"];
    assert!(!texts.iter().any(|text| own.iter().any(|word| text.contains(word))), "{texts:#?}");
}

#[test]
fn a_plan_pasted_from_the_server_is_read() {
    let Some(url) = server("PG18") else { return };
    let database = Database::create(&url, "planscope_e2e_pasted");
    database.run(SHOP);
    let env = TestEnv::new();
    for options in ["ANALYZE, BUFFERS", "ANALYZE, FORMAT JSON", "COSTS off", "VERBOSE, SETTINGS"] {
        let plan = database.column(&format!("EXPLAIN ({options}) {STATEMENT}")).join("\n");
        let run = env.run_with_input(["explain"], &plan).code(0);
        assert!(run.stdout.contains("orders_customer_id_idx"), "{}", run.shown());
        assert!(!run.stdout.contains("note"), "{}", run.shown());
    }
}
