//! Statements that did not come from the server's statistics, and statements that are run.

use super::support::{shop, statement, urls, with_database};
use crate::driver::{Execution, PlanOutcome, all_plans};
use crate::guard::{Policy, Stop};
use crate::queries::QueryText;
use planscope_explain::workload::Source;
use std::time::Duration;

fn kind(outcome: &PlanOutcome) -> &str {
    outcome.as_ref().map_or_else(|problem| problem.kind.as_str(), |_| "plan")
}

#[tokio::test]
async fn placeholders_get_values() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let asked = [
                "SELECT * FROM orders WHERE customer_id = ? AND placed_at > ?",
                "SELECT * FROM customers WHERE born BETWEEN :from AND :to LIMIT ?",
                "UPDATE orders SET placed_at = ?, status = ? WHERE customer_id = ?",
                "SELECT * FROM customers WHERE country = '?' AND email LIKE '?'",
            ];
            let asked = asked.map(statement);
            let mut session = database.session().await;
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            for (statement, plan) in asked.iter().zip(&plans) {
                let plan = &plan.as_ref().unwrap_or_else(|p| panic!("{server}: {p:?}")).plan;
                assert!(plan.details.get("planscope.values").is_some(), "{}", statement.text);
            }
        })
        .await;
    }
}

#[tokio::test]
async fn statements_run_only_when_that_is_asked_for_and_harmless() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            let texts = [
                "SELECT COUNT(*) FROM orders WHERE total > 100",
                "DELETE FROM orders WHERE total > 100",
                "SELECT * FROM orders WHERE customer_id = ?",
                "SELECT id FROM orders WHERE id < 3 FOR UPDATE",
            ];
            let query = |text: &&str| QueryText {
                name: "q".to_owned(),
                text: (*text).to_owned(),
                source: Source { file: "q.sql".to_owned(), line: 1 },
                calls: 1,
            };
            let queries: Vec<QueryText> = texts.iter().map(query).collect();
            let mut session = database.session().await;
            let workload =
                session.measure(&queries, Execution::Analyze, &mut |_| ()).await.unwrap();
            let plans = all_plans(&mut *session, &workload.statements, Execution::Analyze).await;
            let plans = plans.unwrap();
            let times: Vec<bool> = plans
                .iter()
                .map(|plan| plan.as_ref().unwrap().plan.root().actual.is_some())
                .collect();
            assert_eq!(times, [true, false, false, true], "{server}");
            let not_run = |at: usize| {
                plans[at].as_ref().unwrap().plan.details.get("planscope.not_run").is_some()
            };
            assert!(not_run(1) && not_run(2), "{server}");
            assert_eq!(client.value("SELECT COUNT(*) FROM orders").await, "4000", "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn execution_that_takes_too_long_is_ended() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let policy =
                Policy { analyze_timeout: Duration::from_millis(300), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            let endless = statement(
                "SELECT COUNT(*) FROM orders a JOIN orders b JOIN orders c ON a.total < c.total + b.total",
            );
            let asked = [endless, statement("SELECT COUNT(*) FROM customers")];
            let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
            // MySQL gives what it has, MariaDB nothing.
            match &plans[0] {
                Ok(record) => assert!(record.plan.partial, "{server}"),
                Err(problem) => assert_eq!(problem.kind, "timeout", "{server}"),
            }
            assert_eq!(kind(&plans[1]), "plan", "{server}");
            assert!(!plans[1].as_ref().unwrap().plan.partial);
        })
        .await;
    }
}

#[tokio::test]
async fn what_runs_now_is_seen() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let mut client = database.client().await;
            let busy = tokio::spawn(async move {
                client.value("SELECT COUNT(*) FROM orders a JOIN orders b JOIN orders c ON a.total < c.total + b.total WHERE 7 = 7").await
            });
            let mut session = database.session().await;
            let workload = loop {
                let workload = session.running().await.unwrap();
                if !workload.statements.is_empty() {
                    break workload;
                }
            };
            let [running] = workload.statements.as_slice() else { panic!("{workload:?}") };
            assert!(running.text.contains("7 = 7"), "{server}");
            assert_eq!(running.counters.calls, Some(1.0));
            let plans =
                all_plans(&mut *session, &workload.statements, Execution::PlanOnly).await.unwrap();
            let details = &plans[0].as_ref().unwrap().plan.details;
            assert!(details.get("planscope.running").is_some(), "{server}: {details:?}");
            let mut admin = database.client().await;
            let find = "SELECT id FROM information_schema.processlist WHERE info LIKE '%7 = 7%' AND id <> CONNECTION_ID()";
            let id = admin.value(find).await;
            admin.run(&format!("KILL QUERY {id}")).await;
            assert!(busy.await.is_err(), "{server}");
        })
        .await;
    }
}
