//! The server's log and its statistics tell the same of the same workload.

use super::support::{Database, client, log, shop, urls, with_database};
use crate::drivers::test_servers::{calls, read_log};
use crate::logs::LogDigest;
use crate::select::Selection;
use planscope_explain::workload::Statement;

/// Runs every statement of `statements.sql`, each as often as its line says, and the same again as
/// prepared statements with parameters.
async fn run_logged(database: &Database) {
    let client = client(&database.url("?application_name=shop")).await;
    client.batch_execute("SET log_min_duration_statement = 0").await.unwrap();
    let lines = include_str!("statements.sql").lines().filter(|line| !line.starts_with("--"));
    for (number, line) in lines.enumerate() {
        for _ in 0..=number % 3 {
            // Not every version knows every function.
            let _ = client.simple_query(line).await;
        }
    }
    let prepared = client.prepare("SELECT id,\n  total FROM orders WHERE customer_id = $1 -- p");
    let prepared = prepared.await.unwrap();
    for customer in 1..=7i64 {
        client.query(&prepared, &[&customer]).await.unwrap();
    }
    for list in ["1", "1, 2", "1, 2, 3"] {
        let sql = format!("SELECT count(*) FROM orders WHERE id IN ({list}) AND status = 'it''s'");
        client.simple_query(&sql).await.unwrap();
    }
    client.simple_query("SELECT 'the end' AS the_end").await.unwrap();
}

async fn read(database: &Database, log: &str) -> LogDigest {
    let client = database.client().await;
    // The server's log writer is another process: it may be a moment behind.
    for _ in 0..200 {
        let read = read_log(log, &database.name);
        if read.snapshot.statements.iter().any(|s| s.text.contains("the_end")) {
            return read;
        }
        client.batch_execute("SELECT pg_sleep(0.05)").await.unwrap();
    }
    panic!("the workload is not in {log}");
}

#[tokio::test]
async fn the_log_counts_what_the_statistics_count() {
    for (server, url) in urls() {
        let Some(log) = log(server) else { continue };
        with_database(&url, async |database| {
            shop(&database).await;
            run_logged(&database).await;
            let logged = read(&database, &log).await;
            let everything = Selection { top: usize::MAX, ..Selection::default() };
            let counted = database.session().await.workload(&everything).await.unwrap();
            let (logged_calls, counted) =
                (calls(&logged.snapshot.statements), calls(&counted.statements));
            let mut same = 0;
            let (mut in_log, mut in_statistics) = (0.0, 0.0);
            for (fingerprint, (calls, text)) in &logged_calls {
                // The server keeps no statistics of some utility statements, or we do not take them.
                let counted = counted.get(fingerprint);
                if counted.is_none() && text.starts_with("SET ") {
                    continue;
                }
                in_log += calls;
                in_statistics += counted.map_or(0.0, |(calls, _)| *calls);
                match counted {
                    Some((counted, _)) if counted == calls => same += 1,
                    _ => println!("{server}: {calls} for {counted:?}: {text}"),
                }
            }
            // Texts that differ in the name of a type only are one statement to the server, under
            // the text that came first: no call is lost, but some count elsewhere.
            assert_eq!(in_log, in_statistics, "{server}");
            println!("{server}: {same} of {} statements have the same calls", logged_calls.len());
            assert!(same >= 95 && same * 100 >= logged_calls.len() * 93, "{server}: {same}");
            let statement = |part: &str| {
                let all = &logged.snapshot.statements;
                all.iter().find(|s| s.text.contains(part)).unwrap().clone()
            };
            assert_eq!(statement("-- p").counters.calls, Some(7.0), "{server}");
            assert_eq!(statement("it''s").counters.calls, Some(3.0), "{server}");
            assert!(logged.rejects.is_empty(), "{server}: {:?}", logged.rejects);
        })
        .await;
    }
}

/// Plans that auto_explain writes belong to their statements and count once; so do temporary files.
#[tokio::test]
async fn logged_plans_and_temporary_files_find_their_statement() {
    for (server, url) in urls() {
        let Some(log) = log(server) else { continue };
        with_database(&url, async |database| {
            let client = shop(&database).await;
            let settings = "SET log_min_duration_statement = 0; SET log_temp_files = 0;
                SET work_mem = '64kB'; SET max_parallel_workers_per_gather = 0;
                SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on;
                SET auto_explain.log_min_duration = 0;";
            client.batch_execute(settings).await.unwrap();
            for format in ["text", "json", "yaml", "xml"] {
                let format = format!("SET auto_explain.log_format = {format}");
                client.simple_query(&format).await.unwrap();
                let sorted = "SELECT * FROM orders WHERE total > 1 ORDER BY weight, id LIMIT 15000";
                client.simple_query(sorted).await.unwrap();
            }
            client.simple_query("SELECT 'the end' AS the_end").await.unwrap();
            let read = read(&database, &log).await;
            let sorted = |s: &&Statement| s.text.contains("ORDER BY weight");
            let found: Vec<_> = read.snapshot.statements.iter().filter(sorted).collect();
            let [found] = found.as_slice() else { panic!("{server}: {found:#?}") };
            assert_eq!(found.counters.calls, Some(4.0), "{server}");
            let history = found.history.as_deref().unwrap();
            assert_eq!(history.plans, 4, "{server}");
            assert!(!found.plans.is_empty() && found.problems.is_empty(), "{server}: {found:#?}");
            assert!(found.counters.temp_blocks_written > Some(10.0), "{server}: {found:#?}");
            let facts = read.snapshot.log.as_deref().unwrap();
            assert!(facts.temp_files >= 4 && facts.temp_bytes > 4 * 8192, "{server}: {facts:?}");
        })
        .await;
    }
}
