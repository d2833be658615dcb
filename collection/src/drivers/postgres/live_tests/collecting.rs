//! What is collected, on every version.

use super::support::{Database, shop, urls, with_database};
use crate::collect::{Request, Statements, collect};
use crate::driver::{Execution, PlanOutcome, Ranking, Workload};
use crate::queries::QueryText;
use crate::select::Selection;
use crate::wanted::Wanted;
use planscope_explain::workload::catalog::TableKind;
use planscope_explain::workload::{Catalog, Index, Snapshot, Source};

/// Runs the statements of `statements.sql` once; gives how many the server knew.
async fn run_workload(database: &Database) -> usize {
    let client = shop(database).await;
    let mut count = 0;
    for line in include_str!("statements.sql").lines().filter(|line| !line.starts_with("--")) {
        match client.simple_query(line).await {
            Ok(_) => count += 1,
            // Not every version knows every function.
            Err(error) => println!("not run: {line}: {:?}", error.as_db_error()),
        }
    }
    count
}

async fn collected(database: &Database, request: Request) -> Snapshot {
    let mut session = database.session().await;
    collect(session.as_mut(), &request, &mut |_| ()).await.unwrap()
}

fn all() -> Request {
    let selection = Selection { top: 500, ..Selection::default() };
    Request { selection, keep_literals: true, ..Request::default() }
}

#[tokio::test]
async fn normalized_statements_get_plans() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let ran = run_workload(&database).await;
            let snapshot = collected(&database, all()).await;
            let mut failures = 0;
            for statement in &snapshot.statements {
                for problem in &statement.problems {
                    failures += 1;
                    println!("{}: {}\n  {}", problem.kind, problem.message, statement.text);
                }
            }
            let of = snapshot.statements.len();
            println!("{server}: {} of {of} texts have a plan ({ran} were run)", of - failures);
            assert!(of >= 100 && failures * 50 <= of, "{server}: {failures} of {of} failed");
        })
        .await;
    }
}

/// Behind a pooler nothing of the session can be relied on.
#[tokio::test]
async fn plans_need_no_session() {
    use super::super::{connect, explain};
    use crate::guard::{Policy, Stop};
    for (server, url) in urls() {
        with_database(&url, async |database| {
            run_workload(&database).await;
            let snapshot = collected(&database, all()).await;
            let policy = Policy::default();
            let target = super::support::target(&database.url(""));
            let mut link = connect::open(&target, &policy, Stop::new()).await.unwrap();
            assert!(!link.facts.is_pooled);
            link.prelude = connect::prelude(&policy, &link.facts);
            let known = &snapshot.statements;
            let mut failed = 0;
            let mut each = |outcome: PlanOutcome| failed += usize::from(outcome.is_err());
            explain::plans(&link, &policy, known, Execution::PlanOnly, &mut each).await.unwrap();
            assert!(failed * 50 <= known.len(), "{server}: {failed} failed");
        })
        .await;
    }
}

#[tokio::test]
async fn counters_are_of_this_database_and_not_of_planscope() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let client = shop(&database).await;
            for i in 0..5 {
                let sql = format!("SELECT count(*) FROM orders WHERE total > {i}");
                client.batch_execute(&sql).await.unwrap();
            }
            collected(&database, all()).await;
            let snapshot = collected(&database, all()).await;
            let ours = |text: &str| text.contains("planscope") || text.contains("EXPLAIN");
            let own: Vec<_> = snapshot.statements.iter().filter(|s| ours(&s.text)).collect();
            assert!(own.is_empty(), "{server}: {own:?}");
            let counted = snapshot.statements.iter().find(|s| s.text.contains("total > $1"));
            let counted = counted.unwrap();
            assert_eq!(counted.counters.calls, Some(5.0), "{server}");
            assert_eq!(counted.counters.rows, Some(5.0), "{server}");
            assert!(counted.counters.total_ms.unwrap() > 0.0, "{server}");
            assert!(counted.counters.shared_blocks_hit.unwrap() > 0.0, "{server}");
            assert_eq!(counted.database.as_deref(), Some(database.name.as_str()));
            assert_eq!(counted.user.as_deref(), Some("planscope"));
            assert!(counted.engine_id.as_ref().unwrap().parse::<i64>().is_ok());
            assert!(snapshot.coverage.of >= snapshot.coverage.statements);
            assert!(snapshot.coverage.time_share.unwrap() <= 1.0);
            let is_new = !["PG12", "PG13"].contains(&server);
            assert_eq!(snapshot.window.from.is_some(), is_new, "{server}");
            let plan = &counted.plans[0].plan;
            assert!(plan.root().estimate.total_cost.unwrap() > 0.0);
            assert!(plan.settings.iter().all(|(name, _)| name != "plan_cache_mode"));
            assert_eq!(snapshot.settings["work_mem"], "4MB");
            assert_eq!(snapshot.settings["plan_cache_mode"], "auto");
        })
        .await;
    }
}

#[tokio::test]
async fn heaviest_come_first_by_every_ranking() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            run_workload(&database).await;
            for by in Ranking::ALL {
                let selection = Selection { top: 10, by: vec![by], ..Selection::default() };
                let request = Request { selection, ..Request::default() };
                let snapshot = collected(&database, request).await;
                let value = |i: usize| by.value(&snapshot.statements[i].counters);
                assert_eq!(snapshot.statements.len(), 10, "{server}");
                assert!((1..10).all(|i| value(i - 1) >= value(i)), "{server}: {}", by.name());
            }
        })
        .await;
    }
}

fn index<'a>(catalog: &'a Catalog, name: &str) -> &'a Index {
    catalog.index(name).unwrap()
}

#[tokio::test]
async fn catalog_has_tables_columns_and_indexes() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let catalog =
                database.session().await.catalog(&Wanted::default()).await.unwrap().catalog;
            check_tables(&catalog, server);
            check_indexes(&catalog);
        })
        .await;
    }
}

fn check_tables(catalog: &Catalog, server: &str) {
    let orders = catalog.table(Some("public"), "orders").unwrap();
    assert_eq!(orders.rows, Some(20000.0), "{server}");
    assert!(orders.size_bytes.unwrap() > 1e6, "{server}");
    assert_eq!(orders.columns[3].name, "status");
    assert_eq!(orders.columns[3].distinct, Some(4.0));
    assert!((orders.columns[3].common_shares[0] - 0.5).abs() < 0.02);
    assert_eq!(orders.column("id").unwrap().distinct, Some(20000.0));
    assert!(orders.column("parent_id").unwrap().null_share.unwrap() > 0.8);
    assert_eq!(orders.column("total").unwrap().data_type, "numeric(12,2)");
    assert!(!orders.column("total").unwrap().nullable);
    assert!(orders.analyzed_at.as_ref().unwrap().starts_with("20"));
    let keys: Vec<_> = orders.foreign_keys.iter().map(|key| key.references.as_str()).collect();
    assert_eq!(keys, ["public.customers", "public.orders"]);
    let fresh = catalog.table(None, "never_analyzed").unwrap();
    assert_eq!((fresh.rows, fresh.analyzed_at.as_deref()), (None, Some("")));
    let events = catalog.table(None, "events").unwrap();
    assert_eq!(events.kind, TableKind::Partitioned);
    let part = catalog.table(None, "events_2024").unwrap();
    assert_eq!(part.parent.as_deref(), Some("events"));
    let odd = catalog.table(Some("Odd Schema"), "Odd Table").unwrap();
    assert_eq!(odd.columns[0].name, "Odd Column");
    assert!(catalog.tables.iter().all(|t| !t.schema.as_deref().unwrap().starts_with("pg_")));
}

fn check_indexes(catalog: &Catalog) {
    let by_customer = index(catalog, "orders_customer_id_created_at_idx");
    assert_eq!(by_customer.leading_columns().collect::<Vec<_>>(), ["customer_id", "created_at"]);
    assert!(by_customer.keys[1].descending && !by_customer.keys[0].descending);
    assert_eq!(by_customer.keys[0].nulls_first, None);
    assert_eq!(by_customer.keys[1].nulls_first, Some(false));
    assert_eq!(by_customer.include, ["total"]);
    assert_eq!(by_customer.predicate.as_deref(), Some("status <> 'done'::text"));
    assert!(by_customer.usable && !by_customer.unique && by_customer.size_bytes.unwrap() > 0.0);
    let lower = index(catalog, "customers_lower_idx");
    assert_eq!(lower.keys[0].expression.as_deref(), Some("lower(email)"));
    assert_eq!(lower.keys[0].operator_class.as_deref(), Some("text_pattern_ops"));
    assert_eq!(lower.keys[1].expression.as_deref(), Some("(id + 1)"));
    assert_eq!(lower.keys[1].collation, None);
    let name = index(catalog, "customers_name_idx");
    assert!(name.unique && !name.constraint);
    assert_eq!(name.keys[0].collation.as_deref(), Some("POSIX"));
    let primary = index(catalog, "orders_pkey");
    assert!(primary.unique && primary.primary && primary.constraint);
    let gin = index(catalog, "customers_profile_idx");
    assert_eq!(gin.method, "gin");
    assert_eq!(gin.keys[0].operator_class.as_deref(), Some("jsonb_path_ops"));
    assert_eq!(gin.keys[0].nulls_first, None);
}

#[tokio::test]
async fn statements_from_a_file_are_planned_or_run() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let client = shop(&database).await;
            let query = |name: &str, text: &str| QueryText {
                name: name.into(),
                text: text.into(),
                source: Source { file: "q.sql".into(), line: 1 },
                calls: 7,
            };
            let queries = vec![
                query("safe", "SELECT count(*) FROM orders WHERE status = 'open'"),
                query("writes", "DELETE FROM orders"),
                query("hidden-write", "WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d"),
                query("parameter", "SELECT * FROM orders WHERE id = $1"),
                query("utility", "VACUUM orders"),
            ];
            let execution = Execution::Analyze;
            let snapshot = collected(
                &database,
                Request { statements: Statements::Queries(queries), execution, ..all() },
            )
            .await;
            let plan = |name: &str| {
                let statement = snapshot.find(name).unwrap();
                assert_eq!(statement.counters.calls, Some(7.0));
                &statement.plans[0].plan
            };
            assert!(plan("safe").is_analyzed(), "{server}");
            assert!(plan("safe").execution_ms.is_some());
            for name in ["writes", "hidden-write", "parameter"] {
                assert!(!plan(name).is_analyzed(), "{server}: {name}");
                assert!(plan(name).details.contains_key("planscope.not_run"));
                assert_eq!(snapshot.find(name).unwrap().problems[0].kind, "not-run");
            }
            assert_eq!(snapshot.problems[0].kind, "not-explainable");
            let row = client.query_one("SELECT count(*) FROM orders", &[]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 20000, "{server}");
        })
        .await;
    }
}

/// A generic plan of a partitioned table shows the partitions that a NULL would prune.
#[tokio::test]
async fn generic_plans_keep_their_partitions() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let client = shop(&database).await;
            let sql = "SELECT * FROM events WHERE at = '2024-05-01'::timestamptz";
            client.batch_execute(sql).await.unwrap();
            let snapshot = collected(&database, all()).await;
            let events = snapshot.statements.iter().find(|s| s.text.contains("events WHERE"));
            let plan = &events.unwrap().plans[0].plan;
            let has = |name| plan.nodes().iter().any(|n| n.relation.as_deref() == Some(name));
            assert!(has("events_2024") && has("events_2025"), "{server}");
        })
        .await;
    }
}

/// Reads what runs until `found` sees what it waits for: how soon a server shows a statement is its own
/// affair.
async fn watched(database: &Database, found: impl Fn(&Workload) -> bool) -> Workload {
    let mut session = database.session().await;
    for _ in 0..20_000 {
        let running = session.running().await.unwrap();
        if found(&running) {
            return running;
        }
        tokio::task::yield_now().await;
    }
    panic!("the server never showed it");
}

#[tokio::test]
async fn what_runs_is_seen_with_who_it_waits_for() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let (holder, waiter) = (database.client().await, database.client().await);
            holder.batch_execute("CREATE TABLE held (id int)").await.unwrap();
            holder.batch_execute("BEGIN; LOCK TABLE held").await.unwrap();
            waiter.batch_execute("SET application_name = 'shop'").await.unwrap();
            let waiting = tokio::spawn(async move {
                waiter.batch_execute("UPDATE held SET id = 4711 WHERE id = 1").await
            });
            let waits = |running: &Workload| {
                running.statements.iter().any(|s| s.problems.iter().any(|p| p.kind == "waiting"))
            };
            let running = watched(&database, waits).await;
            let statement =
                running.statements.iter().find(|s| s.text.starts_with("UPDATE")).unwrap();
            assert_eq!(statement.application.as_deref(), Some("shop"), "{server}");
            assert_eq!(statement.counters.calls, Some(1.0), "{server}");
            assert!(statement.counters.total_ms.unwrap() > 0.0, "{server}");
            holder.batch_execute("ROLLBACK").await.unwrap();
            waiting.await.unwrap().unwrap();
        })
        .await;
    }
}
