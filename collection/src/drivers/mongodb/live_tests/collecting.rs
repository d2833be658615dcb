//! What is collected.

use super::support::{Database, shop, target, with_database, workload};
use crate::collect::{Request, Statements, collect};
use crate::driver::{Execution, all_plans};
use crate::drivers::connect;
use crate::guard::{Policy, Stop};
use crate::queries::QueryText;
use crate::select::Selection;
use crate::wanted::Wanted;
use bson::{Document, doc};
use planscope_explain::workload::catalog::TableKind;
use planscope_explain::workload::{Snapshot, Source, Statement};

async fn collected(database: &Database, request: Request) -> Snapshot {
    let mut session = database.session().await;
    collect(session.as_mut(), &request, &mut |_| ()).await.unwrap()
}

fn all() -> Request {
    let selection = Selection { top: 500, ..Selection::default() };
    Request { selection, keep_literals: true, ..Request::default() }
}

fn find<'a>(snapshot: &'a Snapshot, start: &str) -> &'a Statement {
    let found = snapshot.statements.iter().find(|s| s.text.starts_with(start));
    found.unwrap_or_else(|| panic!("no {start} among {:#?}", texts(snapshot)))
}

fn texts(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.statements.iter().map(|s| s.text.as_str()).collect()
}

/// Every document of the orders, so that a change shows.
async fn orders(database: &Database) -> Vec<Document> {
    let mut cursor = database.plain().collection::<Document>("orders").find(doc! {}).await.unwrap();
    let mut documents = Vec::new();
    while cursor.advance().await.unwrap() {
        documents.push(cursor.deserialize_current().unwrap());
    }
    documents
}

#[tokio::test]
async fn a_profiled_workload_gets_plans_and_nothing_is_written() {
    with_database(async |database| {
        shop(&database).await;
        database.profile(true).await;
        workload(&database).await;
        let before = orders(&database).await;
        database.profile(false).await;
        let snapshot = collected(&database, all()).await;
        assert_eq!(orders(&database).await, before);
        let starts = [
            r#"{"find":"orders","filter":{"customer""#,
            r#"{"aggregate":"orders","pipeline":[{"$match":{"total""#,
            r#"{"aggregate":"orders","pipeline":[{"$match":{"customer""#,
            r#"{"update":"orders","updates":[{"q":{"status":"new","customer""#,
            r#"{"delete":"orders""#,
            r#"{"distinct":"orders""#,
            r#"{"count":"orders""#,
            r#"{"findAndModify":"orders""#,
        ];
        for start in starts {
            let statement = find(&snapshot, start);
            assert_eq!(statement.counters.calls, Some(5.0), "{start}");
            assert!(statement.counters.rows_examined.is_some(), "{start}");
            assert!(statement.engine_id.is_some(), "{start}");
            assert_eq!(statement.database.as_deref(), Some(database.name.as_str()));
            assert_eq!(statement.user.as_deref(), Some("planscope"));
            assert_eq!(statement.plans.len(), 1, "{start}: {:?}", statement.problems);
            let plan = &statement.plans[0].plan;
            assert_eq!(plan.statement.as_deref(), Some(statement.text.as_str()));
        }
        let insert = find(&snapshot, r#"{"insert":"orders""#);
        assert_eq!(insert.problems[0].kind, "not-explainable");
        assert!(snapshot.window.from < snapshot.window.to);
        assert_eq!(snapshot.problems[0].kind, "sampled");
        assert!(snapshot.settings.contains_key("featureCompatibilityVersion"));
        assert_eq!(snapshot.settings["profile.level"], "0");
    })
    .await;
}

/// Plans come from the profiler where it kept one, and else by explain, of writes as well.
#[tokio::test]
async fn explained_writes_change_nothing() {
    with_database(async |database| {
        shop(&database).await;
        let before = orders(&database).await;
        let texts = [
            r#"{"update":"orders","updates":[{"q":{"status":"new"},"u":{"$set":{"x":1}},"multi":true}]}"#,
            r#"{"delete":"orders","deletes":[{"q":{"status":"new"},"limit":0}]}"#,
            r#"{"findAndModify":"orders","query":{"customer":3},"remove":true}"#,
            r#"{"aggregate":"orders","pipeline":[{"$match":{"customer":3}},{"$out":"copy"}]}"#,
            r#"{"find":"paid","filter":{"customer":3}}"#,
        ];
        let statement = |text: &&str| Statement { text: (*text).to_owned(), ..Statement::default() };
        let statements: Vec<Statement> = texts.iter().map(statement).collect();
        for execution in [Execution::PlanOnly, Execution::Analyze] {
            let mut session = database.session().await;
            let plans = all_plans(session.as_mut(), &statements, execution).await.unwrap();
            for (plan, text) in plans.iter().zip(texts) {
                let record = plan.as_ref().unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
                let not_run = record.plan.details.contains_key("planscope.not_run");
                let reads = text.contains("find\"");
                assert_eq!(not_run, execution == Execution::Analyze && !reads, "{text}");
                assert_eq!(record.plan.is_analyzed(), execution == Execution::Analyze && reads, "{text}");
            }
        }
        assert_eq!(orders(&database).await, before);
        let names = database.plain().list_collection_names().await.unwrap();
        assert!(!names.contains(&"copy".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn own_commands_are_no_statements() {
    with_database(async |database| {
        shop(&database).await;
        database.profile(true).await;
        database.run(doc! { "find": "orders", "filter": { "customer": 3 } }).await;
        for _ in 0..2 {
            let snapshot = collected(&database, all()).await;
            assert_eq!(texts(&snapshot), [r#"{"find":"orders","filter":{"customer":3}}"#]);
            assert_eq!(snapshot.statements[0].counters.calls, Some(1.0));
        }
    })
    .await;
}

#[tokio::test]
async fn values_do_not_reach_a_snapshot() {
    with_database(async |database| {
        shop(&database).await;
        database.profile(true).await;
        let commands = [
            doc! { "find": "orders", "filter": { "status": "S3CRET", "total": { "$gt": 471_147 } }, "sort": { "customer": 1 } },
            doc! { "aggregate": "orders", "pipeline": [
                { "$match": { "status": "S3CRET" } }, { "$addFields": { "a": { "$concat": ["S3CRET", "$status"] }, "n": 471_147 } },
                { "$graphLookup": { "from": "customers", "startWith": "S3CRET", "connectFromField": "name", "connectToField": "x", "as": "g", "restrictSearchWithMatch": { "y": "S3CRET" } } },
            ], "cursor": {} },
            doc! { "update": "orders", "updates": [{ "q": { "status": "S3CRET" }, "u": { "$set": { "a": "S3CRET" } } }] },
        ];
        for command in commands {
            database.run(command).await;
        }
        let snapshot = collected(&database, Request { keep_literals: false, ..all() }).await;
        assert_eq!(snapshot.statements.len(), 3);
        for statement in &snapshot.statements {
            let all = format!("{statement:?}");
            assert!(!all.contains("S3CRET") && !all.contains("471147"), "{all}");
            assert!(statement.plans[0].raw.is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_profiler_the_plan_cache_and_the_log_know_statements() {
    with_database(async |database| {
        shop(&database).await;
        database.run(doc! { "createIndexes": "orders", "indexes": [{ "key": { "customer": 1 }, "name": "c" }] }).await;
        let cached = doc! { "find": "orders", "filter": { "customer": { "$lt": 50 } }, "sort": { "total": 1 } };
        database.run(cached).await;
        // Slow enough for the log.
        database.run(slow()).await;
        let snapshot = collected(&database, all()).await;
        let logged = find(&snapshot, r#"{"aggregate":"customers""#);
        assert!(logged.counters.total_ms.unwrap() >= 100.0);
        assert_eq!(logged.plans.len(), 1, "{:?}", logged.problems);
        let cached = find(&snapshot, r#"{"find":"orders","filter":{"customer":{"$lt":50}},"sort""#);
        // On a busy machine it is in the log as well.
        assert!(cached.counters.total_ms.is_none_or(|ms| ms >= 100.0));
        assert!(cached.engine_id.is_some() && cached.plans.len() == 1);
    })
    .await;
}

/// Every customer with every order: some hundred thousand comparisons.
fn slow() -> Document {
    let dearer = doc! { "$match": { "$expr": { "$gt": ["$total", "$$least"] } } };
    let lookup =
        doc! { "from": "orders", "let": { "least": "$_id" }, "pipeline": [dearer], "as": "o" };
    let count = doc! { "$project": { "n": { "$size": "$o" } } };
    doc! { "aggregate": "customers", "pipeline": [{ "$lookup": lookup }, count], "cursor": {} }
}

#[tokio::test]
async fn what_runs_now_is_seen() {
    with_database(async |database| {
        shop(&database).await;
        let plain = database.plain();
        let mut endless = slow();
        endless.get_array_mut("pipeline").unwrap().insert(
            0,
            doc! { "$lookup": {
                "from": "orders", "pipeline": [{ "$limit": 300 }], "as": "x",
            } }
            .into(),
        );
        endless.get_array_mut("pipeline").unwrap().insert(1, doc! { "$unwind": "$x" }.into());
        endless.insert("maxTimeMS", 20_000);
        let busy = tokio::spawn(async move { plain.run_command(endless).await.is_ok() });
        let mut session = database.session().await;
        let mut seen = session.running().await.unwrap();
        while seen.statements.is_empty() && !busy.is_finished() {
            seen = session.running().await.unwrap();
        }
        assert!(seen.statements[0].text.starts_with(r#"{"aggregate":"customers""#));
        assert!(seen.statements[0].counters.total_ms.is_some());
        let kill =
            doc! { "$match": { "ns": format!("{}.customers", database.name), "op": "command" } };
        let stages = vec![doc! { "$currentOp": {} }, kill];
        let admin = database.client.database("admin");
        let found =
            admin.run_command(doc! { "aggregate": 1, "pipeline": stages, "cursor": {} }).await;
        let batch =
            found.unwrap().get_document("cursor").unwrap().get_array("firstBatch").unwrap().clone();
        for operation in batch {
            let id = operation.as_document().unwrap().get("opid").unwrap().clone();
            admin.run_command(doc! { "killOp": 1, "op": id }).await.unwrap();
        }
        busy.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn commands_from_files_get_plans() {
    with_database(async |database| {
        shop(&database).await;
        let query = |name: &str, text: &str| QueryText {
            name: name.to_owned(),
            text: text.to_owned(),
            source: Source { file: "q.json".to_owned(), line: 1 },
            calls: 2,
        };
        let queries = vec![
            query("a", r#"{"find":"orders","sort":{"total":1},"filter":{"customer":5},"limit":2,"$db":"x"}"#),
            query("b", r#"{"drop":"orders"}"#),
            query("c", r#"{"find":"orders","filter":{"$where":"sleep(1)"}}"#),
        ];
        let snapshot = collected(&database, Request { statements: Statements::Queries(queries), ..all() }).await;
        let of = |name: &str| snapshot.statements.iter().find(|s| s.name.as_deref() == Some(name)).unwrap();
        assert_eq!(of("a").text, r#"{"find":"orders","filter":{"customer":5},"sort":{"total":1},"limit":2}"#);
        assert_eq!((of("a").counters.calls, of("a").plans.len()), (Some(2.0), 1));
        assert_eq!(of("b").problems[0].kind, "not-explainable");
        assert_eq!(of("c").problems[0].kind, "runs-code");
    })
    .await;
}

#[tokio::test]
async fn catalog_has_collections_fields_and_indexes() {
    with_database(async |database| {
        shop(&database).await;
        let catalog = database.session().await.catalog(&Wanted::default()).await.unwrap().catalog;
        let orders = catalog.table(Some(&database.name), "orders").unwrap();
        assert_eq!((orders.rows, orders.kind), (Some(3000.0), TableKind::Table));
        assert!(orders.size_bytes.unwrap() > 0.0 && orders.full_scans.is_some());
        assert_eq!(orders.column("ship.city").unwrap().data_type, "string");
        assert_eq!(orders.column("status").unwrap().distinct, Some(3.0));
        assert_eq!(catalog.table(None, "paid").unwrap().kind, TableKind::Other);
        let index = |name: &str| catalog.index(name).unwrap();
        assert!(index("by_customer").keys[1].descending);
        assert_eq!(index("by_customer").scans, Some(0.0));
        assert!(index("by_customer").size_bytes.unwrap() > 0.0);
        assert_eq!(index("by_total").predicate.as_deref(), Some(r#"{"status":"new"}"#));
        assert_eq!((index("by_city").usable, index("by_city").method.as_str()), (false, "hashed"));
    })
    .await;
}

/// The roles of the manual, and nothing more.
#[tokio::test]
async fn the_least_privileged_role_is_enough() {
    with_database(async |database| {
        shop(&database).await;
        database.profile(true).await;
        workload(&database).await;
        database.profile(false).await;
        let user = format!("{}_user", database.name);
        let admin = database.client.database("admin");
        let roles = vec![
            doc! { "role": "clusterMonitor", "db": "admin" },
            doc! { "role": "read", "db": &database.name },
        ];
        admin
            .run_command(doc! { "createUser": &user, "pwd": "geheim", "roles": roles })
            .await
            .unwrap();
        let target = target(&database.url(Some((&user, "geheim"))));
        let mut session = connect(&target, &Policy::default(), Stop::new()).await.unwrap();
        let snapshot = collect(session.as_mut(), &all(), &mut |_| ()).await.unwrap();
        let checks = session.doctor().await.unwrap();
        let update = r#"{"update":"orders","updates":[{"q":{"customer":1},"u":{"$set":{"a":1}}}]}"#;
        let update = Statement { text: update.to_owned(), ..Statement::default() };
        let plans = all_plans(session.as_mut(), &[update], Execution::PlanOnly).await.unwrap();
        admin.run_command(doc! { "dropUser": &user }).await.unwrap();
        let problems: Vec<&str> = snapshot.problems.iter().map(|p| p.kind.as_str()).collect();
        assert_eq!(problems, ["sampled"], "{:?}", snapshot.problems);
        for statement in snapshot.statements.iter().filter(|s| !s.text.starts_with("{\"insert")) {
            assert_eq!(statement.plans.len(), 1, "{}: {:?}", statement.text, statement.problems);
        }
        let orders = snapshot.catalog.table(None, "orders").unwrap();
        assert!(orders.rows.is_some() && !orders.columns.is_empty());
        assert!(snapshot.catalog.index("by_customer").unwrap().scans.is_some());
        assert!(snapshot.settings.contains_key("storage.engine"));
        let as_find = &plans[0].as_ref().unwrap().plan.details["planscope.explained"];
        assert!(as_find.as_str().unwrap().starts_with("as a find"));
        let unwell: Vec<_> =
            checks.iter().filter(|c| c.remedy.is_some()).map(|c| c.id.as_str()).collect();
        assert_eq!(unwell, ["profiler"], "{checks:#?}");
    })
    .await;
}
