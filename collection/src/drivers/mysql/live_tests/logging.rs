//! The slow log and the server's statistics tell the same of the same workload.

use super::support::{Client, Database, shop, urls, with_database};
use crate::drivers::test_servers::{calls, named, read_log};
use crate::select::Selection;
use planscope_explain::Engine;

async fn logged(database: &Database) -> Client {
    let mut client = database.client().await;
    client.run("SET SESSION long_query_time = 0").await;
    client
}

#[tokio::test]
async fn the_log_counts_what_the_statistics_count() {
    for (server, url) in urls() {
        let Some(log) = named(&format!("{server}_SLOW_LOG")) else { continue };
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
            // An entry is written after its statement was answered, and before the next one is read.
            for client in [&mut one, &mut other] {
                client.run("SET SESSION long_query_time = 10").await;
            }
            let logged = read_log(&log, &database.name);
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
