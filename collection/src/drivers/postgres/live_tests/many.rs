//! A server with very many statements and tables: bounded in time, and how long is printed.

use super::support::{target, url, with_database};
use crate::collect::{Request, collect};
use crate::driver::{Execution, PlanOutcome};
use crate::drivers;
use crate::guard::{Policy, Stop};
use crate::store::Store;
use planscope_explain::Engine;
use planscope_explain::workload::Statement;
use planscope_explain::workload::fingerprint::fingerprint;
use std::time::Duration;
use tokio::time::Instant;

/// Peak of this process's memory in bytes, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[tokio::test]
async fn five_thousand_statements_are_planned() {
    let Some(url) = url("PG18") else { return };
    with_database(&url, async |database| {
        let admin = database.client().await;
        let columns: Vec<String> = (0..80).map(|i| format!("c{i} int")).collect();
        let sql = format!("CREATE TABLE wide ({})", columns.join(", "));
        admin.batch_execute(&sql).await.unwrap();
        let statement = |i: usize| {
            let text = format!("SELECT c{} FROM wide WHERE c{} = $1", i % 80, i / 80);
            Statement {
                fingerprint: fingerprint(&text, Engine::Postgres),
                text,
                ..Statement::default()
            }
        };
        let statements: Vec<Statement> = (0..5000).map(statement).collect();
        let mut session = database.session().await;
        let (mut planned, mut bytes) = (0, 0);
        let mut each = |outcome: PlanOutcome| {
            planned += 1;
            bytes += outcome.unwrap().raw.unwrap().len();
        };
        let begun = Instant::now();
        session.plans(&statements, Execution::PlanOnly, &mut each).await.unwrap();
        let took = begun.elapsed();
        println!("5000 statements: planned in {took:?}, {bytes} bytes of plans");
        assert_eq!(planned, 5000);
        assert!(took < Duration::from_secs(60), "{took:?}");
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_tables_are_listed() {
    let Some(url) = url("PG18") else { return };
    with_database(&url, async |database| {
        let admin = database.client().await;
        admin.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await.unwrap();
        // One transaction holds a lock on each table: 2000 fit into the table of locks.
        for part in 0..5 {
            let sql = format!(
                "DO $$ BEGIN FOR i IN {}..{} LOOP \
                 EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a int, b text)', i); \
                 END LOOP; END $$",
                part * 2000,
                part * 2000 + 1999
            );
            admin.batch_execute(&sql).await.unwrap();
        }
        admin.batch_execute("SELECT count(*) FROM t77 WHERE a = 1").await.unwrap();
        let target = target(&database.url(""));
        let before = peak_memory();
        let begun = Instant::now();
        let mut session = drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
        let snapshot = collect(session.as_mut(), &Request::default(), &mut |_| ()).await.unwrap();
        let took = begun.elapsed();
        assert!(snapshot.problems.iter().all(|p| p.kind == "evictions"), "{:?}", snapshot.problems);
        assert_eq!(snapshot.catalog.tables.len(), 10_000);
        assert_eq!(snapshot.catalog.indexes.len(), 10_000);
        let grown = peak_memory().zip(before).map(|(after, before)| after - before);
        let folder = tempfile::tempdir().unwrap();
        let path = Store::open(folder.path()).save(&snapshot).unwrap();
        let size = std::fs::metadata(path).unwrap().len();
        println!("10000 tables: collected in {took:?}, memory grew by {grown:?} bytes, {size} bytes on disk");
        assert!(took < Duration::from_secs(20), "{took:?}");
        assert!(grown.is_none_or(|grown| grown < 400 << 20), "{grown:?}");
    })
    .await;
}
