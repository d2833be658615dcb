//! The driver against small databases made here.

use super::*;
use crate::collect::{Request, Statements, collect};
use crate::demo;
use crate::driver::{CheckStatus, PlanOutcome};
use crate::store::Store;
use planscope_explain::plan::{Node, Operator, Plan};
use planscope_explain::workload::{Index, IndexKey, Source};
use rusqlite::Connection;

fn queries(sql: &str) -> Vec<QueryText> {
    let header = |part: &str, key: &str| {
        let line = part.lines().find_map(|line| line.strip_prefix(key));
        line.map(|value| value.trim().to_owned())
    };
    let query = |part: &str| QueryText {
        name: header(part, "-- name:").unwrap_or_default(),
        text: part.trim().to_owned(),
        source: Source { file: "shop.sql".into(), line: 1 },
        calls: header(part, "-- calls:").and_then(|n| n.parse().ok()).unwrap_or(1),
    };
    sql.split(';').filter(|part| !part.trim().is_empty()).map(query).collect()
}

/// A shop of three tables: 30,000 orders of 3,000 customers, never analyzed.
fn small_shop(folder: &Path) -> PathBuf {
    let path = folder.join("small.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, city TEXT);
             CREATE TABLE orders (
               id INTEGER PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id),
               status TEXT NOT NULL, at TEXT NOT NULL, note TEXT COLLATE NOCASE
             );
             CREATE TABLE tags (name TEXT PRIMARY KEY, n INT) WITHOUT ROWID;
             CREATE VIRTUAL TABLE notes USING fts5(body);
             CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
             CREATE INDEX orders_open ON orders (at DESC, lower(note)) WHERE status = 'open';
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
             INSERT INTO customers SELECT i, 'c' || i || '@example.com', 'city ' || (i % 40) FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
             INSERT INTO orders SELECT i, (i * 7919) % 3000 + 1,
               CASE WHEN i % 50 = 0 THEN 'open' ELSE 'done' END, 'day ' || (i / 100), NULL FROM n;
             INSERT INTO tags VALUES ('a', 1), ('b', 2);",
        )
        .unwrap();
    path
}

fn session(path: &Path) -> SqliteSession {
    SqliteSession::open(path, &Policy::default(), Stop::new()).unwrap()
}

fn fails(path: &Path) -> CollectError {
    match SqliteSession::open(path, &Policy::default(), Stop::new()) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

fn measured(session: &mut SqliteSession, sql: &str) -> Vec<Statement> {
    session.measure_all(&queries(sql), &mut |_| {}).unwrap().statements
}

fn planned(session: &mut SqliteSession, sql: &str) -> Plan {
    let statement = Statement { text: sql.to_owned(), ..Statement::default() };
    plans_of(session, &[statement]).remove(0).unwrap().plan
}

fn asked(session: &mut SqliteSession, sql: &str, indexes: &[Index]) -> WhatIfAnswer {
    let question =
        WhatIfQuestion { sql: sql.to_owned(), indexes: indexes.to_vec(), without: Vec::new() };
    session.answer_all(&[question]).unwrap().remove(0).unwrap()
}

fn index(table: &str, columns: &[&str]) -> Index {
    Index {
        table: table.into(),
        name: format!("{table}_{}_idx", columns.join("_")),
        method: "btree".into(),
        keys: columns.iter().map(|column| IndexKey::column(*column)).collect(),
        ..Index::default()
    }
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    assert_eq!(fails(&missing).kind, ErrorKind::Input);
    assert!(!missing.exists(), "never made");
    assert!(fails(folder.path()).message.contains("is a folder"));
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no database at all, ".repeat(100)).unwrap();
    let error = fails(&text);
    assert!(error.message.contains("is not an SQLite database"), "{error}");
    assert!(!error.hints.is_empty());
}

#[test]
fn a_locked_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE; DELETE FROM tags").unwrap();
    let policy = Policy { lock_timeout: std::time::Duration::ZERO, ..Policy::default() };
    let error = SqliteSession::open(&path, &policy, Stop::new()).err().unwrap();
    assert!(error.message.contains("is locked"), "{error}");
}

#[test]
fn statements_are_measured_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let before = std::fs::read(&path).unwrap();
    let sql = "-- name: count\n-- calls: 3\nSELECT id FROM orders WHERE customer_id = 7;
               DELETE FROM orders; SELECT id FROM orders WHERE id = ?; PRAGMA journal_mode = wal;
               ATTACH 'other.db' AS other; SELECT x FROM nowhere";
    let mut session = session(&path);
    let statements = measured(&mut session, sql);
    let first = &statements[0];
    assert_eq!(first.name.as_deref(), Some("count"));
    assert_eq!(first.counters.calls, Some(3.0));
    assert_eq!(first.counters.rows, Some(30.0));
    assert_eq!(first.counters.rows_examined, Some(3.0 * 29_999.0));
    assert!(first.counters.vm_steps > Some(90_000.0));
    assert!(first.percentiles.p50_ms <= first.percentiles.p99_ms);
    let kinds: Vec<Option<&str>> =
        statements.iter().map(|s| s.problems.first().map(|p| p.kind.as_str())).collect();
    let not_run = Some("not-run");
    assert_eq!(kinds, [None, not_run, Some("parameters"), not_run, not_run, None]);
    assert!(statements[1..].iter().all(|s| s.counters.calls.is_none()));

    let plans = plans_of(&mut session, &statements);
    assert!(plans[0].as_ref().unwrap().raw.as_ref().unwrap().contains("SCAN orders"));
    assert!(plans[1].is_ok() && plans[2].is_ok());
    assert_eq!(plans[5].as_ref().unwrap_err().message, "no such table: nowhere");
    assert!(std::fs::read(&path).unwrap() == before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing beside it");
}

#[test]
fn a_stop_and_a_deadline_end_a_statement() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT count(*) FROM n";
    let limit = std::time::Duration::from_millis(50);
    let policy = Policy { analyze_timeout: limit, ..Policy::default() };
    let stop = Stop::new();
    let mut session = SqliteSession::open(&path, &policy, stop.clone()).unwrap();
    let statements = measured(&mut session, endless);
    assert_eq!(statements[0].problems[0].kind, "timeout");

    session.policy.analyze_timeout = std::time::Duration::from_secs(60);
    let two = format!("SELECT 1; {endless}");
    let workload = std::thread::scope(|scope| {
        let run = scope.spawn(|| session.measure_all(&queries(&two), &mut |_| stop.stop()));
        run.join().unwrap().unwrap()
    });
    assert_eq!(workload.statements.len(), 1, "what is done is kept");
    assert_eq!(workload.problems[0].kind, "stopped");
    assert_eq!(session.read_catalog().unwrap_err().kind, ErrorKind::Stopped);
}

#[test]
fn the_catalog_has_what_advice_needs() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let catalog = session(&path).read_catalog().unwrap();
    let names: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["customers", "notes", "open_orders", "orders", "tags"]);
    let orders = catalog.table(None, "orders").unwrap();
    assert_eq!(orders.analyzed_at.as_deref(), Some(""), "known to be never analyzed");
    assert!((orders.rows.unwrap() - 30_000.0).abs() < 3_000.0, "{:?}", orders.rows);
    assert_eq!(orders.foreign_keys[0].references, "customers");
    let distinct = orders.column("customer_id").unwrap().distinct.unwrap();
    assert!((1_500.0..6_000.0).contains(&distinct), "{distinct}");
    assert_eq!(orders.column("note").unwrap().null_share, Some(1.0));
    assert!(orders.size_bytes > Some(500_000.0));

    let open = catalog.index("orders_open").unwrap();
    assert_eq!(open.predicate.as_deref(), Some("status = 'open'"));
    assert_eq!(open.keys[0].column.as_deref(), Some("at"));
    assert!(open.keys[0].descending);
    assert_eq!(open.keys[1].expression.as_deref(), Some("lower(note)"));
    let email = catalog.index("sqlite_autoindex_customers_1").unwrap();
    assert!(email.unique && email.constraint && !email.primary);
    assert!(catalog.index("sqlite_rowid_orders").unwrap().primary);
    assert!(catalog.index("sqlite_autoindex_tags_1").unwrap().primary);
}

#[test]
fn an_index_that_helps_is_cheaper_and_one_that_does_not_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let mut session = session(&path);
    let sql = "SELECT * FROM orders WHERE customer_id = ? ORDER BY at DESC LIMIT 5";
    let before = asked(&mut session, sql, &[]);
    assert_eq!(before.plan.nodes()[1].operator, Operator::SeqScan);
    let useful = asked(&mut session, sql, &[index("orders", &["customer_id", "at"])]);
    let node = &useful.plan.nodes()[1];
    assert_eq!(node.index.as_deref(), Some("orders_customer_id_at_idx"));
    assert!(useful.cost.unwrap() * 100.0 < before.cost.unwrap(), "{:?}", useful.cost);
    let half = asked(&mut session, sql, &[index("orders", &["customer_id"])]);
    assert!(half.cost > useful.cost && half.cost < before.cost);
    let useless =
        asked(&mut session, sql, &[index("orders", &["note"]), index("customers", &["city"])]);
    assert_eq!(useless.cost, before.cost);
    assert!(useless.sizes_bytes.iter().all(|size| size.is_some_and(|bytes| bytes > 10_000.0)));
    assert_eq!(asked(&mut session, sql, &[]).cost, before.cost, "nothing stays behind");
}

#[test]
fn questions_fail_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let mut session = session(&path);
    let ask = |sql: &str, index: Index| WhatIfQuestion {
        sql: sql.to_owned(),
        indexes: vec![index],
        without: Vec::new(),
    };
    let sql = "SELECT * FROM open_orders WHERE at = ?";
    let mut without = ask(sql, index("orders", &["status"]));
    without.indexes.clear();
    without.without = vec!["orders_open".into()];
    let questions = [
        ask("SELECT * FROM nowhere", index("orders", &["status"])),
        ask(sql, index("orders", &["nothing"])),
        ask(sql, index("nowhere", &["a"])),
        ask("SELECT * FROM notes WHERE notes MATCH 'x'", index("orders", &["status"])),
        without,
        ask(sql, index("orders", &["at"])),
    ];
    let answers = session.answer_all(&questions).unwrap();
    let is_ok: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(is_ok, [false, false, false, false, true, true]);
    let plan = |i: usize| &answers[i].as_ref().unwrap().plan;
    assert_eq!(plan(4).nodes()[1].operator, Operator::SeqScan);
    assert!(plan(5).nodes()[1].index.is_some());
}

#[test]
fn costs_add_up_and_tables_have_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let mut session = session(&path);
    let sql = "SELECT c.email, (SELECT max(o.at) FROM orders o WHERE o.customer_id = c.id) \
               FROM customers AS c WHERE c.city = 'city 3' ORDER BY 2";
    let plan = planned(&mut session, sql);
    let total = plan.root().estimate.total_cost.unwrap();
    let own: f64 = plan.nodes().iter().filter_map(Node::self_cost).sum();
    assert!((own - total).abs() <= total * 0.01, "{own} of {total}");
    let relations: Vec<(&str, &str)> = plan
        .nodes()
        .iter()
        .filter_map(|node| Some((node.relation.as_deref()?, node.alias.as_deref()?)))
        .collect();
    assert_eq!(relations, [("customers", "c"), ("orders", "o")]);
    let inner = plan.nodes().iter().find(|node| node.relation.as_deref() == Some("orders"));
    assert_eq!(inner.unwrap().operator, Operator::SeqScan, "max() of a column is no search");
    assert!(inner.unwrap().self_cost().unwrap() > total / 2.0);
}

#[test]
fn doctor_knows_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_shop(folder.path());
    let status = |id: &str| {
        let checks = session(&path).check_all();
        checks.into_iter().find(|check| check.id == id).map(|check| check.status)
    };
    assert_eq!(status("statistics"), Some(CheckStatus::Warn));
    assert_eq!(status("file-readable"), Some(CheckStatus::Ok));
    Connection::open(&path).unwrap().execute_batch("ANALYZE").unwrap();
    assert_eq!(status("statistics"), Some(CheckStatus::Ok));
}

#[test]
fn the_shop_is_collected_stored_and_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    demo::create_small(&path).unwrap();
    let file = folder.path().join("shop.sql");
    std::fs::write(&file, demo::SHOP_SQL).unwrap();
    let target = Target::parse(&format!("sqlite:{}", path.display())).unwrap();
    let policy = Policy::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut session = runtime.block_on((DRIVER.connect)(&target, &policy, Stop::new())).unwrap();
    let queries = crate::queries::read(&file, Engine::Sqlite).unwrap();
    let request = Request { statements: Statements::Queries(queries), ..Request::default() };
    let snapshot = runtime.block_on(collect(&mut *session, &request, &mut |_| {})).unwrap();
    assert_eq!(snapshot.statements.len(), 25);
    assert_eq!(snapshot.problems, []);
    assert_eq!(snapshot.settings["encoding"], "UTF-8");
    let is_whole =
        |s: &&Statement| s.plans.len() == 1 && s.problems.is_empty() && s.counters.calls.is_some();
    assert_eq!(snapshot.statements.iter().filter(is_whole).count(), 25);
    assert!(!snapshot.statements.iter().any(|s| s.text.contains("4711")), "literals are gone");

    let store = Store::open(folder.path().join("store"));
    let saved = store.save(&snapshot).unwrap();
    assert_eq!(Store::load(&saved).unwrap().statements.len(), 25);

    let ask = |s: &Statement| WhatIfQuestion {
        sql: s.text.clone(),
        indexes: vec![index("orders", &["customer_id"])],
        without: Vec::new(),
    };
    let questions: Vec<WhatIfQuestion> = snapshot.statements.iter().map(ask).collect();
    let answers = runtime.block_on(session.what_if(&questions)).unwrap();
    for (question, answer) in questions.iter().zip(&answers) {
        assert!(answer.is_ok(), "{}: {:?}", question.sql, answer.as_ref().err());
    }
}

fn plans_of(session: &mut SqliteSession, statements: &[Statement]) -> Vec<PlanOutcome> {
    let mut plans = Vec::new();
    session.plan_all(statements, &mut |outcome| plans.push(outcome)).unwrap();
    plans
}
