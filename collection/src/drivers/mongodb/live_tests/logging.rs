//! The server's log and its profiler tell the same of the same workload.

use super::support::{Database, shop, with_database, workload};
use crate::guard::Stop;
use crate::logs::{Filter, Input, LogDigest, Options, digest};
use crate::select::Selection;
use bson::doc;
use planscope_explain::workload::{Fingerprint, Statement};
use std::collections::BTreeMap;
use std::io::Write as _;

/// The log of the server; without one the test says so and passes, unless servers are required.
#[expect(clippy::disallowed_methods, reason = "where the logs are, only dev/servers knows")]
fn log() -> Option<String> {
    let variable = "PLANSCOPE_TEST_MONGODB_LOG";
    let path = std::env::var(variable).ok();
    if path.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: {variable} is not set");
        let required = std::env::var("PLANSCOPE_TEST_REQUIRE_SERVERS").is_ok_and(|v| v == "1");
        assert!(!required, "{variable} is not set, and servers are required");
    }
    path
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
async fn the_log_counts_what_the_profiler_counts() {
    let Some(log) = log() else { return };
    with_database(async |database| {
        shop(&database).await;
        // A filter is of this database only, and takes the place of the limit for the log as well.
        let everything = doc! { "millis": { "$gte": 0 } };
        database.run(doc! { "profile": 1, "filter": everything }).await;
        workload(&database).await;
        database.run(doc! { "profile": 0, "filter": "unset" }).await;
        let logged = read(&database, &log);
        let everything = Selection { top: usize::MAX, ..Selection::default() };
        let counted = database.session().await.workload(&everything).await.unwrap();
        let (in_log, counted) = (calls(&logged.snapshot.statements), calls(&counted.statements));
        let mut same = 0;
        for (fingerprint, (calls, text)) in &in_log {
            // What is no statement with a plan is not taken from the profiler.
            if ["profile", "createIndexes", "insert"].iter().any(|name| text[2..].starts_with(name))
            {
                continue;
            }
            let counted = counted.get(fingerprint).map(|(calls, _)| *calls);
            assert_eq!(Some(*calls), counted, "{text}");
            same += 1;
        }
        println!("{same} statements have the same calls");
        assert!(same >= 9, "{same}");
        assert!(logged.rejects.is_empty(), "{:?}", logged.rejects);
    })
    .await;
}
