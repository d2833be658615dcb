//! The accounts of docs/privileges, exactly as they are written there, and accounts with less.

use super::support::{Database, most, shop, target, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::{CheckStatus, Execution, all_plans};
use crate::drivers;
use crate::error::ErrorKind;
use crate::guard::{Policy, Stop};
use crate::wanted::Wanted;
use planscope_explain::workload::Snapshot;

/// The statements of the manual's page, for this account and this database.
fn manual(server: &str, account: &str, database: &str) -> String {
    let page = match server {
        "MYSQL" => include_str!("../../../../../docs/privileges/mysql.md"),
        _ => include_str!("../../../../../docs/privileges/mariadb.md"),
    };
    let (_, rest) = page.split_once("```sql\n").unwrap();
    let (sql, _) = rest.split_once("```").unwrap();
    sql.replace(";\n", "\n")
        .replace("'planscope'@'%'", &format!("'{account}'@'%'"))
        .replace("`shop`", &format!("`{database}`"))
}

async fn snapshot_as(database: &Database, account: &str) -> Snapshot {
    let target = target(&database.url_as(account, "a%20password"));
    let mut session = drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
    let request = Request { selection: most(500), keep_literals: true, ..Request::default() };
    collect(session.as_mut(), &request, &mut |_| ()).await.unwrap()
}

#[tokio::test]
async fn account_of_the_manual_suffices() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut admin = shop(&database).await;
            admin.run(include_str!("workload.sql")).await;
            let account = format!("ps_{}", &database.name[15..]);
            admin.run(&manual(server, &account, &database.name)).await;
            let snapshot = snapshot_as(&database, &account).await;
            for statement in &snapshot.statements {
                for problem in &statement.problems {
                    println!(
                        "{server}: {}: {}\n  {}",
                        problem.kind, problem.message, statement.text
                    );
                    assert_ne!(problem.kind, "permission", "{server}");
                }
            }
            let update = snapshot.statements.iter().find(|s| s.text.contains("`total` = `total`"));
            let details = &update.unwrap().plans[0].plan.details;
            assert!(details.get("planscope.planned_as").is_some(), "{server}: {details:?}");
            let problems = &snapshot.problems;
            assert!(problems.iter().all(|p| p.kind == "no-sample"), "{server}: {problems:?}");
            let index = snapshot.catalog.index("ix_customer").unwrap();
            assert!(index.size_bytes.is_some() && index.scans.is_some(), "{server}");

            let target = target(&database.url_as(&account, "a%20password"));
            let mut session =
                drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
            for check in session.doctor().await.unwrap() {
                println!("{server}: {:?} {}: {}", check.status, check.id, check.message);
                // These depend on the server, not on the account.
                let of_server =
                    ["samples", "digests-size", "digest-length"].contains(&check.id.as_str());
                assert!(check.status == CheckStatus::Ok || of_server, "{server}");
            }
            admin.run(&format!("DROP USER '{account}'@'%'")).await;
        })
        .await;
    }
}

#[tokio::test]
async fn account_with_less_is_told_what_to_grant() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut admin = shop(&database).await;
            let account = format!("pl_{}", &database.name[15..]);
            admin.run(&format!("CREATE USER '{account}'@'%' IDENTIFIED BY 'a password'")).await;
            admin
                .run(&format!("GRANT SELECT ON `{}`.orders TO '{account}'@'%'", database.name))
                .await;
            let target = target(&database.url_as(&account, "a%20password"));
            let mut session =
                drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
            let error = collect(session.as_mut(), &Request::default(), &mut |_| ()).await;
            let error = error.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Permission, "{server}: {error}");
            assert!(
                error.hints[0].starts_with("GRANT SELECT ON performance_schema.*"),
                "{error:?}"
            );
            // What is left is collected.
            let catalog = session.catalog(&Wanted::default()).await.unwrap().catalog;
            let orders = catalog.table(None, "orders").unwrap();
            assert!(orders.column("total").is_some() && catalog.table(None, "customers").is_none());
            let asked = ["SELECT * FROM orders", "SELECT * FROM customers"];
            let asked = asked.map(super::support::statement);
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert!(plans[0].is_ok(), "{server}: {:?}", plans[0]);
            assert_eq!(plans[1].as_ref().unwrap_err().kind, "permission", "{server}");
            let checks = session.doctor().await.unwrap();
            let remedy = |id: &str| {
                let check = checks.iter().find(|check| check.id == id).unwrap();
                check.remedy.clone().unwrap()
            };
            assert!(
                remedy("statement-visibility").starts_with("GRANT SELECT ON performance_schema")
            );
            assert!(remedy("index-statistics").contains("mysql.innodb_index_stats"));
            admin.run(&format!("DROP USER '{account}'@'%'")).await;
        })
        .await;
    }
}
