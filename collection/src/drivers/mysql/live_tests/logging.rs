//! The slow log and the server's statistics tell the same of the same workload.

use super::support::{Client, Database, shop, urls, with_database};
use crate::guard::Stop;
use crate::logs::{Filter, Input, LogDigest, Options, digest};
use crate::select::Selection;
use planscope_explain::Engine;
use planscope_explain::workload::{Fingerprint, Statement};
use std::collections::BTreeMap;
use std::io::Write as _;

/// The slow log of a server; without one the test says so and passes, unless servers are required.
#[expect(clippy::disallowed_methods, reason = "where the logs are, only dev/servers knows")]
fn log(server: &str) -> Option<String> {
    let variable = format!("PLANSCOPE_TEST_{server}_SLOW_LOG");
    let path = std::env::var(&variable).ok();
    if path.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: {variable} is not set");
        let required = std::env::var("PLANSCOPE_TEST_REQUIRE_SERVERS").is_ok_and(|v| v == "1");
        assert!(!required, "{variable} is not set, and servers are required");
    }
    path
}

async fn logged(database: &Database) -> Client {
    let mut client = database.client().await;
    client.run("SET SESSION long_query_time = 0").await;
    client
}

fn read(database: &Database, log: &str) -> LogDigest {
    let filter = Filter { databases: vec![database.name.clone()], ..Filter::default() };
    let options = Options { filter, keep_literals: true, ..Options::default() };
    digest(&[Input::Path(log.into())], &options, &Stop::new()).unwrap()
}

fn calls(statements: &[Statement]) -> BTreeMap<Fingerprint, (f64, String)> {
    let mut calls: BTreeMap<Fingerprint, (f64, String)> = BTreeMap::new();
    for statement in statements {
        let known = calls.entry(statement.fingerprint).or_default();
        known.0 += statement.counters.calls.unwrap();
        known.1.clone_from(&statement.text);
    }
    calls
}

#[tokio::test]
async fn the_log_counts_what_the_statistics_count() {
    for (server, url) in urls() {
        let Some(log) = log(server) else { continue };
        with_database(&url, async |database| {
            shop(&database).await;
            // Two connections in turns: `use` is written only when the database changes.
            let (mut one, mut other) = (logged(&database).await, logged(&database).await);
            let lines = include_str!("workload.sql").lines().map(str::trim);
            for (number, line) in lines.filter(|line| !line.is_empty()).enumerate() {
                for _ in 0..=number % 3 {
                    one.run(line).await;
                }
                other.run("SELECT id, total\t FROM orders WHERE id IN (1, 2) # other").await;
                other.run("SELECT id, total FROM orders WHERE id IN (3)").await;
            }
            let logged = read(&database, &log);
            let everything = Selection { top: usize::MAX, ..Selection::default() };
            let counted = database.session().await.workload(&everything).await.unwrap();
            let (in_log, counted) =
                (calls(&logged.snapshot.statements), calls(&counted.statements));
            let mut same = 0;
            for (fingerprint, (calls, text)) in &in_log {
                // Our own setting ran before the database had statistics of it.
                if text.starts_with("SET SESSION long_query_time") {
                    continue;
                }
                let counted = counted.get(fingerprint).map(|(calls, _)| *calls);
                assert_eq!(Some(*calls), counted, "{server}: {text}");
                same += 1;
            }
            println!("{server}: {same} statements have the same calls");
            assert!(same >= 12, "{server}: {same}");
            assert!(logged.rejects.is_empty(), "{server}: {:?}", logged.rejects);
            let mariadb = logged.snapshot.target.engine == Engine::Mariadb;
            assert_eq!(mariadb, server == "MARIADB");
            // MariaDB writes the plan of each statement beside it.
            let planned = logged.snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
            assert_eq!(planned > 10, mariadb, "{server}: {planned}");
        })
        .await;
    }
}
