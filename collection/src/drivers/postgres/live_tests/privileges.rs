//! The roles of docs/privileges, exactly as they are written there.

use super::support::{Database, shop, target, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::CheckStatus;
use crate::drivers;
use crate::guard::{Policy, Stop};
use crate::select::Selection;

/// The statements of the manual's page for this version, for this role.
fn manual(version: u32, role: &str) -> String {
    let page = include_str!("../../../../../docs/privileges/postgresql.md");
    let blocks: Vec<&str> = page.split("```sql\n").skip(1).collect();
    let block = if version >= 15 { blocks[0] } else { blocks[1] };
    let (sql, _) = block.split_once("```").unwrap();
    sql.replace("TO planscope", &format!("TO {role}"))
        .replace("ROLE planscope", &format!("ROLE {role}"))
}

async fn workload(database: &Database) {
    let application = database.client().await;
    for sql in [
        "SELECT count(*) FROM orders WHERE total > 7",
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = 3",
        "UPDATE orders SET weight = weight WHERE id = 4711",
    ] {
        application.batch_execute(sql).await.unwrap();
    }
}

#[tokio::test]
async fn role_of_the_manual_suffices() {
    for (server, url) in urls() {
        let version: u32 = server.trim_start_matches("PG").parse().unwrap();
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            workload(&database).await;
            let role = format!("{}_manual", database.name);
            admin.batch_execute(&manual(version, &role)).await.unwrap();
            let target = target(&database.url_as(&role, "a%20password"));
            let mut session =
                drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
            let selection = Selection { top: 100, ..Selection::default() };
            let request = Request { selection, ..Request::default() };
            let snapshot = collect(session.as_mut(), &request, &mut |_| ()).await;
            let checks = session.doctor().await;
            let load = session.load().await;
            drop(session);
            let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
            admin.batch_execute(&drop).await.unwrap();

            let snapshot = snapshot.unwrap();
            assert!(snapshot.problems.iter().all(|p| p.kind != "permission"), "{server}");
            let planned = |part: &str| {
                let found = snapshot.statements.iter().find(|s| s.text.contains(part));
                let found = found.unwrap_or_else(|| panic!("{server}: no {part}"));
                !found.plans.is_empty()
            };
            assert!(planned("total > ") && planned("JOIN customers"), "{server}");
            // As the page says: who may not write gets no plan of a write.
            assert!(!planned("UPDATE orders"), "{server}");
            let orders = snapshot.catalog.table(Some("public"), "orders").unwrap();
            assert!(
                orders.size_bytes.is_some() && orders.columns[3].distinct.is_some(),
                "{server}"
            );
            assert!(load.unwrap().active.is_some());
            for check in checks.unwrap() {
                println!("{server}: {:?} {}: {}", check.status, check.id, check.message);
                // The others depend on the server, not on the role.
                let of_role = [
                    "statement-visibility",
                    "table-privileges",
                    "own-statements",
                    "limits",
                    "read-only",
                ];
                // The shop has a table in a schema of its own; the page says: for each schema.
                let elsewhere = check.id == "table-privileges" && version < 15;
                let is_well = check.status == CheckStatus::Ok
                    || elsewhere && check.message.starts_with("1 tables cannot be read");
                assert!(is_well || !of_role.contains(&check.id.as_str()), "{check:?}");
            }
        })
        .await;
    }
}
