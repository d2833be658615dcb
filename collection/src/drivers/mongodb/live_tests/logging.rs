//! The server's log and its profiler tell the same of the same workload.

use super::support::{shop, with_database, workload};
use crate::drivers::test_servers::{calls, named, read_log};
use crate::select::Selection;
use bson::doc;

#[tokio::test]
async fn the_log_counts_what_the_profiler_counts() {
    let Some(log) = named("MONGODB_LOG") else { return };
    with_database(async |database| {
        shop(&database).await;
        // A filter is of this database only, and takes the place of the limit for the log as well.
        let everything = doc! { "millis": { "$gte": 0 } };
        database.run(doc! { "profile": 1, "filter": everything }).await;
        workload(&database).await;
        database.run(doc! { "profile": 0, "filter": "unset" }).await;
        let logged = read_log(&log, &database.name);
        let everything = Selection { top: usize::MAX, ..Selection::default() };
        let counted = database.session().await.workload(&everything).await.unwrap();
        let (in_log, counted) = (calls(&logged.snapshot.statements), calls(&counted.statements));
        let mut same = 0;
        for (fingerprint, (calls, text)) in &in_log {
            // What is no statement with a plan is not taken from the profiler.
            if ["profile", "create", "insert"].iter().any(|name| text[2..].starts_with(name)) {
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
