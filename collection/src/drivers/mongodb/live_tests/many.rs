//! More collections than are looked at: those that are used are, and no other is asked about.

use super::support::{Database, with_database};
use crate::collect::{Request, Statements, collect};
use crate::guard::{Audit, Policy, Sent, Stop};
use crate::queries::QueryText;
use bson::doc;
use planscope_explain::workload::{Snapshot, Source};

async fn many(database: &Database) {
    for number in 0..20 {
        let index = doc! { "key": { "a": 1 }, "name": "a" };
        database.run(doc! { "createIndexes": format!("c{number}"), "indexes": [index] }).await;
    }
    let pipeline = vec![doc! { "$match": { "a": { "$gt": 1 } } }];
    database.run(doc! { "create": "seen", "viewOn": "c7", "pipeline": pipeline }).await;
}

async fn collected(database: &Database, limit: usize, audit: &Audit) -> Snapshot {
    let texts = [
        r#"{"find":"c3","filter":{"a":1}}"#,
        r#"{"aggregate":"c4","pipeline":[{"$lookup":{"from":"c5","localField":"a","foreignField":"a","as":"x"}}]}"#,
        r#"{"find":"seen","filter":{"a":5}}"#,
    ];
    let query = |text: &&str| QueryText {
        name: "test".into(),
        text: (*text).to_owned(),
        source: Source { file: "test".into(), line: 1 },
        calls: 1,
    };
    let statements = Statements::Queries(texts.iter().map(query).collect());
    let policy = Policy { whole_catalog: Some(limit), audit: audit.clone(), ..Policy::default() };
    let mut session = database.session_with(&policy, Stop::new()).await;
    let request = Request { statements, ..Request::default() };
    collect(session.as_mut(), &request, &mut |_| ()).await.unwrap()
}

#[tokio::test]
async fn of_many_collections_those_that_are_used_are_looked_at() {
    with_database(async |database| {
        many(&database).await;
        let whole = collected(&database, 21, &Audit::default()).await;
        assert_eq!((whole.catalog.tables.len(), whole.problems.len()), (21, 0));
        let audit = Audit::in_memory();
        let some = collected(&database, 20, &audit).await;
        let names: Vec<&str> = some.catalog.tables.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["c3", "c4", "c5", "c7", "seen"]);
        assert_eq!(some.catalog.indexes.len(), 8);
        assert!(some.catalog.indexes.iter().all(|index| index.size_bytes.is_some()));
        let [problem] = some.problems.as_slice() else { panic!("{:?}", some.problems) };
        let message = &problem.message;
        assert!(message.starts_with("16 other collections were not looked at"), "{message}");
        let is_stats =
            |sent: &Sent| matches!(sent, Sent::Text(text) if text.contains("$collStats"));
        let stats = audit.list().iter().filter(|sent| is_stats(sent)).count();
        assert_eq!(stats, 4, "one of each collection that is used, none of a view");
    })
    .await;
}
