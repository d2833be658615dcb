//! The record of what SQLite is asked, and databases with very much in them.

use super::*;
use crate::collect::{Request, Statements, collect};
use crate::guard::{Audit, Sent};
use planscope_explain::workload::Source;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::Instant;

thread_local! {
    /// What SQLite ran on this thread; its callback has no place for a closure.
    static RAN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn ran(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        RAN.with_borrow_mut(|ran| ran.push(sql.to_owned()));
    }
}

fn query(text: &str) -> QueryText {
    let source = Source { file: "q.sql".to_owned(), line: 1 };
    QueryText { name: "q".to_owned(), text: text.to_owned(), source, calls: 1 }
}

fn database(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("test.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    path
}

#[tokio::test]
async fn the_audit_is_what_sqlite_saw() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(
        folder.path(),
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX t_b ON t (b);
         INSERT INTO t (b) VALUES ('x'), ('y'), ('z'); ANALYZE",
    );
    let audit = Audit::in_memory();
    let policy = Policy { audit: audit.clone(), ..Policy::default() };
    let mut session = SqliteSession::open(&path, &policy, Stop::new()).unwrap();
    let traced = TraceEventCodes::SQLITE_TRACE_STMT;
    session.connection.raw().trace_v2(traced, Some(ran)).unwrap();
    let queries = ["SELECT * FROM t WHERE b = 'x'", "DELETE FROM t", "SELECT 1 FROM none"];
    let request = Request {
        statements: Statements::Queries(queries.map(query).to_vec()),
        ..Request::default()
    };
    collect(&mut session, &request, &mut |_| ()).await.unwrap();
    session.check_all();
    let index = planscope_explain::workload::Index::default();
    let question =
        WhatIfQuestion { sql: queries[0].to_owned(), indexes: vec![index], without: Vec::new() };
    session.answer_all(&[question]).unwrap();
    let recorded: Vec<String> = audit
        .list()
        .into_iter()
        .filter_map(|sent| match sent {
            Sent::Text(text) => Some(text),
            Sent::Act(_) => None,
        })
        .collect();
    let ran = RAN.take();
    assert!(ran.len() > 20, "{ran:#?}");
    // What begins so is SQLite's own, inside of one of ours.
    for text in ran.iter().filter(|text| !text.starts_with("-- ")) {
        assert!(recorded.contains(text), "{text} was not recorded");
    }
    // A write is planned; it does not even get as far as being run.
    assert!(!recorded.contains(&queries[1].to_owned()));
    assert!(recorded.contains(&"EXPLAIN QUERY PLAN DELETE FROM t".to_owned()));
}

/// What cannot be recorded is not asked.
#[test]
fn without_a_record_nothing_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path(), "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    let audit = Audit::to_file(Path::new("/dev/full")).unwrap();
    let policy = Policy { audit, ..Policy::default() };
    let error = SqliteSession::open(&path, &policy, Stop::new()).err().unwrap();
    assert!(error.message.starts_with("cannot write the audit log"), "{error}");
}

#[tokio::test]
async fn ten_thousand_tables_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut sql = "BEGIN;".to_owned();
    for i in 0..10_000 {
        // With its index at once: for each statement of DDL SQLite reads the whole schema.
        sql.push_str(&format!("CREATE TABLE t{i} (a INTEGER PRIMARY KEY, b UNIQUE);"));
    }
    let path = database(folder.path(), &format!("{sql} COMMIT"));
    let mut session = SqliteSession::open(&path, &Policy::default(), Stop::new()).unwrap();
    let begun = Instant::now();
    let queries = (0..500).map(|i| query(&format!("SELECT b FROM t{i} WHERE a = {i}")));
    let selection = Selection { top: 10_000, ..Selection::default() };
    let request = Request {
        statements: Statements::Queries(queries.collect()),
        selection,
        ..Request::default()
    };
    let snapshot = collect(&mut session, &request, &mut |_| ()).await.unwrap();
    let took = begun.elapsed();
    println!("10000 tables, 500 statements: collected in {took:?}");
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    assert_eq!(snapshot.catalog.tables.len(), 10_000);
    assert!(snapshot.statements.iter().all(|s| s.plans.len() == 1));
    assert!(took < Duration::from_secs(120), "{took:?}");
}
