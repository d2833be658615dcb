//! What keeps a session harmless. Each test fails when its guard is taken away.

use super::super::connect;
use super::support::{Client, Database, most, shop, statement, target, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::{Execution, all_plans};
use crate::drivers;
use crate::drivers::test_proxy::{Proxy, place, through};
use crate::error::ErrorKind;
use crate::guard::{Audit, LoadLimits, Policy, Sent, Stop};
use std::time::Duration;
use tokio::time::Instant;

/// Runs for minutes.
const ENDLESS: &str =
    "SELECT COUNT(*) FROM orders a JOIN orders b JOIN orders c ON a.total < c.total + b.total";

/// Functions that leave a trace, one of them through a procedure with its maker's rights.
async fn with_traces(database: &Database) -> Client {
    let mut client = shop(database).await;
    client.run("CREATE TABLE traces (id INT)").await;
    client
        .run("CREATE FUNCTION leaves_trace() RETURNS INT BEGIN INSERT INTO traces VALUES (1); RETURN 1; END")
        .await;
    client
        .run("CREATE PROCEDURE trace_maker() SQL SECURITY DEFINER BEGIN INSERT INTO traces VALUES (2); END")
        .await;
    client
        .run("CREATE FUNCTION by_procedure() RETURNS INT BEGIN CALL trace_maker(); RETURN 1; END")
        .await;
    client
}

const TRACING: [&str; 3] = [
    "SELECT * FROM orders WHERE id = (SELECT MAX(leaves_trace()) FROM customers)",
    "SELECT * FROM orders WHERE id = (SELECT MAX(by_procedure()) FROM customers)",
    "UPDATE orders SET total = 1 WHERE id = (SELECT MAX(leaves_trace()) FROM customers)",
];

/// The server runs functions for a plain EXPLAIN; so they are never sent.
#[tokio::test]
async fn what_explain_would_run_is_not_sent() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = with_traces(&database).await;
            let mut session = database.session().await;
            for execution in [Execution::PlanOnly, Execution::Analyze] {
                let plans = all_plans(&mut *session, &TRACING.map(statement), execution).await;
                for plan in plans.unwrap() {
                    assert_eq!(plan.unwrap_err().kind, "stored-function", "{server}");
                }
                let begun = Instant::now();
                let asked = [statement("SELECT * FROM (SELECT SLEEP(3)) d")];
                let plans = all_plans(&mut *session, &asked, execution).await.unwrap();
                assert_eq!(plans[0].as_ref().unwrap_err().kind, "side-effects", "{server}");
                assert!(begun.elapsed() < Duration::from_secs(2), "{server}");
            }
            assert_eq!(client.value("SELECT COUNT(*) FROM traces").await, "0", "{server}");
            // The danger is real: the servers do run it.
            let begun = Instant::now();
            client.run("EXPLAIN SELECT * FROM (SELECT SLEEP(0.3)) d").await;
            assert!(begun.elapsed() > Duration::from_millis(250), "{server}");
            if server == "MYSQL" {
                client.run(&format!("EXPLAIN {}", TRACING[0])).await;
                assert_ne!(client.value("SELECT COUNT(*) FROM traces").await, "0");
            }
        })
        .await;
    }
}

/// The second line of defence: should one slip through, the session cannot write.
#[tokio::test]
async fn a_function_that_slips_through_cannot_write() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = with_traces(&database).await;
            let target = target(&database.url(""));
            let link = connect::open(&target, &Policy::default(), Stop::new()).await;
            let mut link = link.unwrap();
            for sql in TRACING {
                let error = link.ask(&format!("EXPLAIN {sql}")).await.unwrap_err();
                assert!(error.message.contains("read-only"), "{server}: {sql}: {error}");
            }
            // Planning writes, it is open for one statement, and closed again.
            let mut session = database.session().await;
            let asked = [statement("DELETE FROM orders WHERE id = 3")];
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert!(plans[0].is_ok(), "{server}: {plans:?}");
            assert_eq!(client.value("SELECT COUNT(*) FROM traces").await, "0", "{server}");
        })
        .await;
    }
}

/// Every kind of write is planned while another transaction holds each row: executing would wait.
#[tokio::test]
async fn writes_are_planned_without_executing_and_without_locks() {
    const WRITES: [&str; 5] = [
        "UPDATE orders SET total = 0",
        "DELETE FROM orders WHERE total > 1",
        "DELETE o FROM orders o JOIN customers c ON o.customer_id = c.id",
        "UPDATE orders o JOIN customers c ON o.customer_id = c.id SET o.total = 0",
        "INSERT INTO orders SELECT * FROM orders WHERE id > 100000",
    ];
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let mut holder = database.client().await;
            holder.run("START TRANSACTION").await;
            holder.value("SELECT COUNT(*) FROM orders FOR UPDATE").await;
            let sum = "SELECT SUM(total) FROM orders";
            let before = holder.value(sum).await;
            let mut session = database.session().await;
            for execution in [Execution::PlanOnly, Execution::Analyze] {
                let plans = all_plans(&mut *session, &WRITES.map(statement), execution).await;
                for (plan, sql) in plans.unwrap().iter().zip(WRITES) {
                    // One that waited would have failed after `Policy::lock_timeout`.
                    let record = plan.as_ref().unwrap_or_else(|p| panic!("{server}: {sql}: {p:?}"));
                    assert!(!record.plan.is_analyzed(), "{server}: {sql}");
                }
            }
            holder.run("COMMIT").await;
            assert_eq!(holder.value(sum).await, before, "{server}");
        })
        .await;
    }
}

/// MySQL ends a run with what it has and a warning, MariaDB with an error; both by themselves.
#[tokio::test]
async fn the_server_itself_ends_what_runs_too_long() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let limit = Duration::from_millis(300);
            let policy = Policy { analyze_timeout: limit, ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            let begun = Instant::now();
            let asked = [statement(ENDLESS)];
            let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
            // Our own watchdog would come 1.5 s after the limit.
            assert!(begun.elapsed() < limit + Duration::from_secs(1), "{server}");
            match (server, &plans[0]) {
                ("MYSQL", Ok(record)) => {
                    assert!(record.plan.partial && record.plan.is_analyzed(), "{server}");
                }
                ("MARIADB", Err(problem)) => {
                    assert_eq!(problem.kind, "timeout");
                    assert!(problem.message.contains("longer than the time limit"), "{problem:?}");
                }
                (_, other) => panic!("{server}: {other:?}"),
            }
        })
        .await;
    }
}

/// What EXPLAIN does while it optimises is under the limit, too.
#[tokio::test]
async fn planning_ends_at_its_limit() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let policy =
                Policy { statement_timeout: Duration::from_millis(300), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            // A constant subquery without a function that could be refused.
            let sql = format!("SELECT * FROM orders WHERE id = ({ENDLESS})");
            let derived = format!("SELECT * FROM ({ENDLESS}) d");
            let begun = Instant::now();
            let asked = [statement(&sql), statement(&derived), statement("SELECT * FROM orders")];
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert!(begun.elapsed() < Duration::from_secs(4), "{server}: {:?}", begun.elapsed());
            assert!(plans[2].is_ok(), "{server}");
            let timed_out = plans.iter().filter(|p| p.as_ref().is_err_and(|p| p.kind == "timeout"));
            println!("{server}: {} of 2 were executed while planning", timed_out.count());
        })
        .await;
    }
}

/// Behind DDL, with another session reading: the wait ends after a second, not after a year.
#[tokio::test]
async fn ddl_is_not_queued_behind() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let mut reader = database.client().await;
            reader.run("START TRANSACTION").await;
            reader.value("SELECT COUNT(*) FROM orders").await;
            let mut changer = database.client().await;
            let ddl = tokio::spawn(async move {
                changer.run("ALTER TABLE orders ADD COLUMN late INT").await;
            });
            let mut session = database.session().await;
            let waits = format!(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST \
                 WHERE DB = '{}' AND STATE LIKE 'Waiting for table metadata lock%'",
                database.name
            );
            let mut looker = database.client().await;
            while looker.value(&waits).await == "0" {}
            // The gate sees the one that waits.
            assert!(session.load().await.unwrap().waiting > Some(0), "{server}");
            let asked = [statement("SELECT * FROM orders"), statement("SELECT * FROM customers")];
            let begun = Instant::now();
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert_eq!(plans[0].as_ref().unwrap_err().kind, "lock-timeout", "{server}");
            assert!(plans[1].is_ok(), "{server}");
            assert!(begun.elapsed() < Duration::from_secs(3), "{server}: {:?}", begun.elapsed());
            let limits =
                LoadLimits { waiting: Some(0), patience: Duration::ZERO, ..LoadLimits::none() };
            let request = Request { limits, ..Request::default() };
            let error = collect(&mut *session, &request, &mut |_| ()).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Refused, "{server}: {error}");
            reader.run("COMMIT").await;
            ddl.await.unwrap();
        })
        .await;
    }
}

async fn with_statements(database: &Database) {
    let mut client = shop(database).await;
    for i in 0..20 {
        let sql = format!("SELECT total FROM orders WHERE id = {i} {}", "AND id > 0 ".repeat(i));
        client.run(&sql).await;
    }
}

/// The texts that a client sent: packets with the command COM_QUERY, and how many others there were.
fn queries(heard: &[u8]) -> (Vec<String>, usize) {
    let (mut texts, mut others, mut rest) = (Vec::new(), 0, heard);
    while let [a, b, c, number, tail @ ..] = rest {
        let len = usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16;
        let (packet, after) = tail.split_at(len.min(tail.len()));
        match (number, packet) {
            (0, [3, text @ ..]) => texts.push(String::from_utf8(text.to_vec()).unwrap()),
            (0, [1]) => {} // COM_QUIT
            _ => others += 1,
        }
        rest = after;
    }
    (texts, others)
}

/// What goes over the wire beside our own record.
#[tokio::test]
async fn the_audit_is_what_the_server_saw() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            with_statements(&database).await;
            let proxy = Proxy::before(place(&url), usize::MAX).await;
            let url = through(&database.url("?ssl-mode=disabled"), &proxy);
            let audit = Audit::in_memory();
            let policy = Policy { audit: audit.clone(), ..Policy::default() };
            let opened = drivers::connect(&target(&url), &policy, Stop::new()).await;
            let mut session = opened.unwrap();
            let request = Request { selection: most(50), ..Request::default() };
            collect(&mut *session, &request, &mut |_| ()).await.unwrap();
            session.doctor().await.unwrap();
            let texts: Vec<String> = audit
                .list()
                .into_iter()
                .filter_map(|sent| match sent {
                    Sent::Text(text) => Some(text),
                    Sent::Act(_) => None,
                })
                .collect();
            let heard = proxy.heard();
            assert_eq!(heard.len(), 1, "{server}: one connection");
            let (seen, others) = queries(&heard[0]);
            assert_eq!(seen, texts, "{server}");
            assert!(texts.len() > 40, "{server}: {}", texts.len());
            // Packets of the handshake only.
            assert!(others <= 3, "{server}: {others}");
        })
        .await;
    }
}

/// Cuts the line after each message that a collection sends, one after the other.
#[tokio::test]
async fn a_line_that_is_cut_anywhere_leaves_what_came_before() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            with_statements(&database).await;
            let whole = database.url("?ssl-mode=disabled");
            let policy = Policy { connect_timeout: Duration::from_secs(2), ..Policy::default() };
            let request = Request { selection: most(5), ..Request::default() };
            let mut outcomes = Vec::new();
            for most in 1.. {
                let proxy = Proxy::before(place(&url), most).await;
                let target = target(&through(&whole, &proxy));
                let opened = drivers::connect(&target, &policy, Stop::new()).await;
                let collected = async {
                    let mut session = opened?;
                    collect(&mut *session, &request, &mut |_| ()).await
                };
                let collected = tokio::time::timeout(Duration::from_secs(10), collected).await;
                outcomes.push(match collected.expect("a cut line must be noticed") {
                    Err(error) => {
                        assert_eq!(error.kind, ErrorKind::Connection, "after {most}: {error:?}");
                        "nothing"
                    }
                    Ok(snapshot) if snapshot.problems.iter().all(|p| p.kind == "no-sample") => {
                        break;
                    }
                    Ok(snapshot) => {
                        let lost = snapshot.problems.iter().any(|p| p.kind == "connection-lost");
                        assert!(lost && !snapshot.statements.is_empty(), "after {most}");
                        "a part"
                    }
                });
            }
            println!("{server}: cut after 1 to {} pieces", outcomes.len());
            assert!(outcomes.len() > 20 && outcomes.contains(&"a part"), "{server}");
            assert!(outcomes.is_sorted_by(|a, b| (*a == "nothing") >= (*b == "nothing")));
        })
        .await;
    }
}
