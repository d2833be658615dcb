//! What is collected, on both engines.

use super::support::{Database, most, shop, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::Ranking;
use crate::select::Selection;
use crate::wanted::Wanted;
use planscope_explain::Engine;
use planscope_explain::workload::catalog::TableKind;
use planscope_explain::workload::{Catalog, Index, Snapshot};

async fn collected(database: &Database, request: Request) -> Snapshot {
    let mut session = database.session().await;
    collect(session.as_mut(), &request, &mut |_| ()).await.unwrap()
}

fn all() -> Request {
    Request { selection: most(500), keep_literals: true, ..Request::default() }
}

/// Everything that the tables hold, as one number for each.
async fn checksums(database: &Database) -> Vec<String> {
    let mut client = database.client().await;
    let mut sums = Vec::new();
    for table in ["customers", "orders", "events", "parted"] {
        let sql = format!("SELECT CONCAT(COUNT(*), ' ', SUM(id)) FROM {table}");
        sums.push(client.value(&sql).await);
    }
    sums
}

#[tokio::test]
async fn statements_get_plans_and_nothing_is_changed() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await.run(include_str!("workload.sql")).await;
            let before = checksums(&database).await;
            let snapshot = collected(&database, all()).await;
            assert_eq!(checksums(&database).await, before, "{server}");
            let mut with_plan = 0;
            for statement in &snapshot.statements {
                with_plan += statement.plans.len();
                for problem in &statement.problems {
                    println!(
                        "{server}: {}: {}\n  {}",
                        problem.kind, problem.message, statement.text
                    );
                }
            }
            let of = snapshot.statements.len();
            println!("{server}: {with_plan} of {of} statements have a plan");
            // Without samples (MariaDB) lists of values are not known, and some rows do not exist.
            assert!(of >= 13 && with_plan * 4 >= of * 3, "{server}: {with_plan} of {of}");
            // A digest without values is `COUNT ( * )`, which no server takes as it is.
            let counting = snapshot.statements.iter().find(|s| s.text.contains("MAX")).unwrap();
            assert!(!counting.plans.is_empty(), "{server}: {:?}", counting.problems);
            let plans = snapshot.statements.iter().flat_map(|s| &s.plans);
            assert!(plans.clone().all(|record| record.raw.is_some()));
            if server == "MYSQL" {
                assert!(plans.clone().any(|record| record.plan.format == "mysql-json-v2"));
            }
        })
        .await;
    }
}

#[tokio::test]
async fn counters_are_of_this_database_and_not_of_planscope() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            for i in 0..5 {
                let sql = format!("SELECT COUNT(*) FROM orders WHERE total > {i} AND status = 'x'");
                client.run(&sql).await;
            }
            collected(&database, all()).await;
            let snapshot = collected(&database, all()).await;
            let ours = |text: &str| text.contains("planscope_own") || text.contains("EXPLAIN");
            let own: Vec<_> = snapshot.statements.iter().filter(|s| ours(&s.text)).collect();
            assert!(own.is_empty(), "{server}: {own:?}");
            let counted = snapshot.statements.iter().find(|s| s.text.contains("`total` > ?"));
            let counted = counted.unwrap();
            let counters = &counted.counters;
            assert_eq!((counters.calls, counters.rows), (Some(5.0), Some(5.0)), "{server}");
            assert_eq!(counters.rows_examined, Some(20_000.0), "{server}");
            assert_eq!(counters.no_index_used, Some(5.0), "{server}");
            assert!(counters.total_ms.unwrap() > 0.0 && counters.lock_ms.is_some());
            assert!(counters.mean_ms.unwrap() <= counters.max_ms.unwrap());
            assert_eq!(counted.percentiles.p95_ms.is_some(), server == "MYSQL");
            assert_eq!(counted.database.as_deref(), Some(database.name.as_str()));
            assert!(counted.engine_id.as_ref().unwrap().len() >= 32);
            assert!(snapshot.coverage.of >= snapshot.coverage.statements);
            assert!(snapshot.coverage.time_share.unwrap() <= 1.0);
            assert!(snapshot.window.from.as_ref().unwrap().ends_with('Z'));
            let is_mysql = snapshot.target.engine == Engine::Mysql;
            assert_eq!(is_mysql, server == "MYSQL");
            assert!(snapshot.target.version.starts_with(|c: char| c.is_ascii_digit()));
            assert!(snapshot.settings.contains_key("optimizer_switch"));
            // Ours is 1 while we plan; the server's is not.
            assert_eq!(snapshot.settings.contains_key("explain_json_format_version"), is_mysql);
        })
        .await;
    }
}

#[tokio::test]
async fn heaviest_come_first_by_every_ranking() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await.run(include_str!("workload.sql")).await;
            for by in Ranking::ALL {
                let selection = Selection { by: vec![by], ..most(5) };
                let request = Request { selection, ..Request::default() };
                let snapshot = collected(&database, request).await;
                assert_eq!(snapshot.statements.len(), 5, "{server} {}", by.name());
                let values: Vec<f64> =
                    snapshot.statements.iter().map(|s| by.value(&s.counters)).collect();
                assert!(values.is_sorted_by(|a, b| a >= b), "{server} {}: {values:?}", by.name());
            }
        })
        .await;
    }
}

#[tokio::test]
async fn literals_are_replaced() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            client.run("SELECT * FROM customers WHERE note = 'g3heim' AND country > 'AA'").await;
            let request = Request { selection: most(500), ..Request::default() };
            let snapshot = collected(&database, request).await;
            let found = snapshot.statements.iter().find(|s| s.text.contains("`note` = ?")).unwrap();
            assert_eq!(found.plans.len(), 1, "{server}: {:?}", found.problems);
            assert!(found.plans[0].raw.is_some(), "{server}");
            assert!(!format!("{snapshot:?}").contains("g3heim"), "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn texts_that_were_cut_are_planned_with_other_values() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            let list: Vec<String> = (0..400).map(|i| i.to_string()).collect();
            let sql = format!("SELECT note FROM customers WHERE id IN ({})", list.join(", "));
            client.run(&sql).await;
            let snapshot = collected(&database, all()).await;
            // MariaDB keeps no text at all, as dev/servers has it.
            let kind = if server == "MYSQL" { "truncated-sample" } else { "no-sample" };
            assert!(snapshot.problems.iter().any(|p| p.kind == kind), "{server}");
            let found = snapshot.statements.iter().find(|s| s.text.contains("`note` FROM"));
            let details = &found.unwrap().plans[0].plan.details;
            assert!(details.get("planscope.values").is_some(), "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn catalog_has_tables_columns_and_indexes() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            if server == "MYSQL" {
                client
                    .run("ALTER TABLE orders ADD INDEX ix_total (total DESC, (YEAR(placed_at)))")
                    .await;
                client.run("ALTER TABLE orders ALTER INDEX ix_placed INVISIBLE").await;
                client.run("ANALYZE TABLE customers UPDATE HISTOGRAM ON country, note").await;
            } else {
                client.run("ALTER TABLE orders ALTER INDEX ix_placed IGNORED").await;
                client
                    .run(
                        "ANALYZE TABLE customers PERSISTENT FOR COLUMNS (note, country) INDEXES ()",
                    )
                    .await;
            }
            client.run("SELECT * FROM customers WHERE country = 'DE'").await;
            let catalog =
                database.session().await.catalog(&Wanted::default()).await.unwrap().catalog;
            check_tables(server, &catalog, &database.name);
            check_indexes(server, &catalog);
        })
        .await;
    }
}

fn check_tables(server: &str, catalog: &Catalog, schema: &str) {
    let table = |name: &str| catalog.table(Some(schema), name).unwrap();
    let orders = table("orders");
    assert_eq!(orders.rows, Some(4000.0), "{server}");
    assert!(orders.size_bytes.unwrap() > 16_384.0);
    assert_eq!(orders.storage_engine.as_deref(), Some("InnoDB"));
    // Not of `orders`: ALTER TABLE starts its counters anew.
    assert_eq!(table("customers").inserts, Some(500.0), "{server}");
    assert!(orders.analyzed_at.as_ref().unwrap().ends_with('Z'));
    let key = &orders.foreign_keys[0];
    assert_eq!(
        (key.name.as_str(), key.columns.as_slice()),
        ("fk_customer", &["customer_id".to_owned()][..])
    );
    assert_eq!(key.references, format!("{schema}.customers"));
    let column = |name: &str| table("customers").column(name).unwrap();
    assert_eq!(column("country").distinct, Some(5.0), "{server}");
    assert_eq!(column("country").data_type, "char(2)");
    assert!(!column("country").nullable && column("note").nullable);
    assert!((column("note").null_share.unwrap() - 0.75).abs() < 0.01, "{server}");
    assert_eq!(table("order_emails").kind, TableKind::Other);
    assert_eq!(table("parted").kind, TableKind::Partitioned);
    assert_eq!(table("parted").rows, Some(4000.0), "{server}");
    let parts: Vec<_> =
        catalog.tables.iter().filter(|t| t.parent.as_deref() == Some("parted")).collect();
    assert_eq!(parts.len(), 2, "{server}");
}

fn check_indexes(server: &str, catalog: &Catalog) {
    let index = |name: &str| catalog.index(name).unwrap();
    let of = |table: &str| -> &Index {
        catalog.indexes.iter().find(|i| i.table == table && i.primary).unwrap()
    };
    assert!(of("orders").unique && of("orders").usable);
    assert!(index("uq_email").unique && !index("ix_country").unique);
    assert_eq!(index("ix_body").keys[0].prefix_length, Some(20));
    assert_eq!(index("ft_body").method, "fulltext");
    assert!(!index("ix_placed").usable, "{server}");
    assert!(index("ix_customer").size_bytes.unwrap() >= 16_384.0);
    assert!(index("ix_country").scans.unwrap() >= 100.0, "{server}: {:?}", index("ix_country"));
    let definition = index("ix_customer").definition.clone().unwrap();
    assert!(definition.starts_with("CREATE INDEX ix_customer ON "), "{definition}");
    if server == "MYSQL" {
        let total = index("ix_total");
        assert!(total.keys[0].descending && total.keys[1].column.is_none());
        assert!(total.keys[1].expression.as_ref().unwrap().contains("year(`placed_at`)"));
    }
}
