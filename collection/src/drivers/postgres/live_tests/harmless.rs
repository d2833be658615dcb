//! What keeps a session harmless. Each test fails when its guard is taken away.

use super::super::connect;
use super::support::{Database, log, shop, target, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::{Execution, PlanOutcome, all_plans};
use crate::drivers::test_proxy::{Proxy, place, through};
use crate::drivers::{self};
use crate::error::ErrorKind;
use crate::guard::{Audit, LoadLimits, Policy, Sent, Stop};
use crate::select::Selection;
use planscope_explain::workload::Statement;
use std::time::Duration;
use tokio::time::Instant;

fn statement(text: &str) -> Statement {
    Statement { text: text.to_owned(), ..Statement::default() }
}

/// A function that says it is constant is run while its statement is planned.
#[tokio::test]
async fn functions_that_run_while_planning_end_at_the_limit() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            let slow = "CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql IMMUTABLE AS \
                        $$ BEGIN PERFORM pg_sleep(60); RETURN 1; END $$";
            admin.batch_execute(slow).await.unwrap();
            let policy =
                Policy { statement_timeout: Duration::from_millis(300), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            let asked =
                [statement("SELECT * FROM orders WHERE id = slow()"), statement("SELECT 1")];
            let begun = Instant::now();
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert_eq!(plans[0].as_ref().unwrap_err().kind, "timeout", "{server}");
            assert!(begun.elapsed() < Duration::from_secs(3), "{server}: {:?}", begun.elapsed());
            assert!(plans[1].is_ok(), "{server}");
        })
        .await;
    }
}

/// What a read-only transaction does not stop.
const HOLES: [&str; 9] = [
    "SELECT pg_reload_conf()",
    "SELECT pg_advisory_lock(4711)",
    "SELECT pg_try_advisory_xact_lock(4711)",
    "SELECT * FROM dblink('dbname=x', 'DELETE FROM t') AS t(a int)",
    "SELECT \"pg_terminate_backend\"(1)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_catalog.set_config('a.b', 'c', false)",
    "SELECT pg_notify('a', 'b')",
    "SELECT count(*) FROM orders WHERE pg_sleep(1) IS NULL",
];

#[tokio::test]
async fn holes_of_read_only_transactions_are_not_run() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            let wrapped = "CREATE FUNCTION locks() RETURNS int LANGUAGE plpgsql AS \
                           $$ BEGIN PERFORM pg_advisory_lock(4711); RETURN 1; END $$; \
                           CREATE VIEW deep AS SELECT locks(); CREATE VIEW deeper AS TABLE deep";
            admin.batch_execute(wrapped).await.unwrap();
            let mut session = database.session().await;
            let texts = [&HOLES[..], &["SELECT locks()", "SELECT * FROM deeper"]].concat();
            let asked: Vec<Statement> = texts.iter().map(|text| statement(text)).collect();
            let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
            for (plan, sql) in plans.iter().zip(texts) {
                // Planned only, or refused by the server because there is no such function.
                let ran = plan.as_ref().is_ok_and(|record| record.plan.is_analyzed());
                assert!(!ran, "{server}: {sql}");
            }
            let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711";
            let row = admin.query_one(held, &[]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 0, "{server}");
        })
        .await;
    }
}

/// A plan of a statement that writes is made under the same locks that reading takes.
#[tokio::test]
async fn planning_a_write_writes_nothing_and_waits_for_no_row() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            admin.batch_execute("BEGIN; SELECT * FROM orders FOR UPDATE").await.unwrap();
            let mut session = database.session().await;
            let asked = [
                statement("UPDATE orders SET total = 0"),
                statement("DELETE FROM orders WHERE id < $1"),
            ];
            for execution in [Execution::PlanOnly, Execution::Analyze] {
                let plans = all_plans(&mut *session, &asked, execution).await.unwrap();
                let executed = |plan: &PlanOutcome| plan.as_ref().unwrap().plan.is_analyzed();
                assert!(!plans.iter().any(executed), "{server}");
            }
            let row = admin.query_one("SELECT count(*) FROM orders WHERE total = 0", &[]).await;
            admin.batch_execute("COMMIT").await.unwrap();
            let after = admin.query_one("SELECT count(*) FROM orders WHERE total = 0", &[]).await;
            assert_eq!(row.unwrap().get::<_, i64>(0), after.unwrap().get::<_, i64>(0));
        })
        .await;
    }
}

#[tokio::test]
async fn load_is_seen_and_a_jam_ends_the_collection() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            let mut session = database.session().await;
            admin.batch_execute("BEGIN; LOCK TABLE orders").await.unwrap();
            let blocked = database.client().await;
            let waiting =
                tokio::spawn(
                    async move { blocked.batch_execute("SELECT count(*) FROM orders").await },
                );
            let looker = database.client().await;
            let ours = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
                        AND wait_event_type = 'Lock'";
            while looker.query(ours, &[]).await.unwrap().is_empty() {}
            let load = session.load().await.unwrap();
            // Other tests may wait as well.
            assert!(load.waiting > Some(0), "{server}: {load:?}");
            assert!(load.active >= load.waiting && load.lag.is_none(), "{server}: {load:?}");
            let limits =
                LoadLimits { waiting: Some(0), patience: Duration::ZERO, ..LoadLimits::none() };
            let request = Request { limits, ..Request::default() };
            let error = collect(&mut *session, &request, &mut |_| ()).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Refused, "{server}: {error}");
            admin.batch_execute("ROLLBACK").await.unwrap();
            waiting.await.unwrap().unwrap();
        })
        .await;
    }
}

fn everything() -> Request {
    Request { selection: Selection { top: 500, ..Selection::default() }, ..Request::default() }
}

async fn with_statements(database: &Database) {
    let admin = shop(database).await;
    for i in 0..40 {
        let sql = format!("SELECT total FROM orders WHERE id = {i} {}", "AND id > 0 ".repeat(i));
        admin.batch_execute(&sql).await.unwrap();
    }
}

/// The server's log of everything beside our own record.
#[tokio::test]
async fn the_audit_is_what_the_server_saw() {
    for (server, url) in urls() {
        let Some(log) = log(server) else { continue };
        with_database(&url, async |database| {
            with_statements(&database).await;
            let admin = database.client().await;
            let sql = format!("ALTER DATABASE {} SET log_statement = 'all'", database.name);
            admin.batch_execute(&sql).await.unwrap();
            let audit = Audit::in_memory();
            let policy = Policy { audit: audit.clone(), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            collect(&mut *session, &everything(), &mut |_| ()).await.unwrap();
            session.doctor().await.unwrap();
            let list = audit.list();
            let texts: Vec<String> = list
                .into_iter()
                .filter_map(|sent| match sent {
                    Sent::Text(text) => Some(text),
                    Sent::Act(_) => None,
                })
                .collect();
            assert!(texts.len() > 50, "{server}: {}", texts.len());
            assert_eq!(all_logged(&log, &database).await, texts, "{server}");
        })
        .await;
    }
}

/// What the log has of a database, as soon as the server's log writer, which is another process, has
/// come as far as now.
async fn all_logged(log: &str, database: &Database) -> Vec<String> {
    let client = database.client().await;
    client.batch_execute("SELECT 'the end'").await.unwrap();
    for _ in 0..200 {
        let mut texts = logged(log, &database.name);
        if let Some(end) = texts.iter().position(|text| text == "SELECT 'the end'") {
            texts.truncate(end);
            return texts;
        }
        client.batch_execute("SELECT pg_sleep(0.05)").await.unwrap();
    }
    panic!("what was sent is not in {log}");
}

/// The statements that the log has of a database.
fn logged(path: &str, database: &str) -> Vec<String> {
    let log = std::fs::read_to_string(path).unwrap();
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in log.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some(last) = found.last_mut().filter(|_| open) {
                last.push('\n');
                last.push_str(more);
            }
            continue;
        }
        let mark = format!("@{database} LOG:  statement: ");
        open = line.contains(&mark);
        if let Some((_, text)) = line.split_once(&mark) {
            found.push(text.to_owned());
        }
    }
    found
}

/// Cuts the line after each message that a collection sends, one after the other.
#[tokio::test]
async fn a_line_that_is_cut_anywhere_leaves_what_came_before() {
    let Some((_, url)) = urls().into_iter().next_back() else { return };
    with_database(&url, async |database| {
        with_statements(&database).await;
        let url = format!("{}?sslmode=disable", database.url(""));
        let policy = Policy { connect_timeout: Duration::from_secs(2), ..Policy::default() };
        let mut outcomes = Vec::new();
        for most in 1.. {
            let proxy = Proxy::before(place(&url), most).await;
            let target = target(&through(&url, &proxy));
            let opened = drivers::connect(&target, &policy, Stop::new()).await;
            let collected = async {
                let mut session = opened?;
                collect(&mut *session, &everything(), &mut |_| ()).await
            };
            let collected = tokio::time::timeout(Duration::from_secs(10), collected).await;
            let outcome = match collected.expect("a cut line must be noticed") {
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Connection, "after {most}: {error:?}");
                    "nothing"
                }
                Ok(snapshot) => {
                    assert!(!snapshot.statements.is_empty());
                    if snapshot.problems.iter().all(|p| p.kind != "connection-lost") {
                        assert!(snapshot.statements.iter().all(|s| !s.plans.is_empty()));
                        break;
                    }
                    "a part"
                }
            };
            outcomes.push(outcome);
        }
        println!("cut after 1 to {} pieces", outcomes.len());
        assert!(
            outcomes.len() > 10
                && outcomes.is_sorted_by(|a, b| (*a == "nothing") >= (*b == "nothing"))
        );
        assert!(outcomes.contains(&"a part"));
    })
    .await;
}

/// The pooled session's settings travel with each message: see `plans_need_no_session`.
#[tokio::test]
async fn every_limit_is_in_the_servers_hands() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let target = target(&database.url(""));
            let link = connect::open(&target, &Policy::default(), Stop::new()).await.unwrap();
            for (name, value) in [
                ("statement_timeout", "5s"),
                ("lock_timeout", "1s"),
                ("default_transaction_read_only", "on"),
                ("idle_in_transaction_session_timeout", "1min"),
            ] {
                let rows = link.rows(&format!("SHOW {name}")).await.unwrap();
                assert_eq!(rows[0].get(0), Some(value), "{server}: {name}");
            }
        })
        .await;
    }
}
