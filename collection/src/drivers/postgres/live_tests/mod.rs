//! Tests against real servers: `dev/servers up; eval "$(dev/servers env)"`, then `cargo test`.

mod support;

use crate::collect::{Request, collect};
use crate::error::ErrorKind;
use planscope_explain::workload::Snapshot;
use support::{Database, shop, urls, with_database};

/// The statements of `statements.sql`, each run once.
async fn run_workload(database: &Database) -> usize {
    let client = shop(database).await;
    let mut count = 0;
    for line in include_str!("statements.sql").lines() {
        if !line.starts_with("--") && !line.trim().is_empty() {
            match client.simple_query(line).await {
                Ok(_) => count += 1,
                // Not every version knows every function.
                Err(error) => println!("not run: {line}: {:?}", error.as_db_error()),
            }
        }
    }
    count
}

async fn collected(database: &Database, top: usize) -> Snapshot {
    let request = Request { top, keep_literals: true, ..Request::default() };
    let mut session = database.session().await;
    collect(session.as_mut(), &request, &mut |_| ()).await.unwrap()
}

#[tokio::test]
async fn normalized_statements_get_plans() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let ran = run_workload(&database).await;
            let snapshot = collected(&database, 500).await;
            let mut failures = 0;
            for statement in &snapshot.statements {
                for problem in &statement.problems {
                    failures += 1;
                    println!(
                        "{server}: {}: {}\n    {}",
                        problem.kind, problem.message, statement.text
                    );
                }
            }
            let of = snapshot.statements.len();
            println!(
                "{server}: {} of {of} normalized texts have a plan ({ran} were run)",
                of - failures
            );
            assert!(failures * 50 <= of, "{server}: {failures} of {of} failed");
        })
        .await;
    }
}
