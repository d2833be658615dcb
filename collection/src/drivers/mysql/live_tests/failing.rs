//! What goes wrong, and how it is told.

use super::super::connect;
use super::support::{Client, Database, most, shop, statement, target, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::{CheckStatus, Execution, all_plans};
use crate::drivers;
use crate::drivers::test_servers::named;
use crate::error::{CollectError, ErrorKind};
use crate::guard::{Policy, Stop};
use planscope_explain::Engine;
use std::time::Duration;
use tokio::time::Instant;

async fn refused(url: &str) -> CollectError {
    let policy = Policy { connect_timeout: Duration::from_secs(2), ..Policy::default() };
    let opened = drivers::connect(&target(url), &policy, Stop::new()).await;
    opened.err().expect("nobody should be let in")
}

#[tokio::test]
async fn refusals_say_what_to_type() {
    for server in super::support::SERVERS {
        let Some(url) = named(server) else { continue };
        let (scheme, rest) = url.split_once("://").unwrap();
        let (_, host) = rest.split_once('@').unwrap();
        let (host, _) = host.split_once('/').unwrap();
        let cases = [
            (format!("planscope:wrong@{host}/d"), ErrorKind::Authentication, "MYSQL_PWD"),
            (format!("planscope@{host}/d"), ErrorKind::Authentication, "MYSQL_PWD"),
            (format!("nobody:wrong@{host}/d"), ErrorKind::Authentication, "user name"),
            (format!("planscope:planscope@{host}/no_such_db"), ErrorKind::Config, "SHOW DATABASES"),
            ("planscope:planscope@127.0.0.1:1/d".to_owned(), ErrorKind::Connection, "mysqladmin"),
            ("u:p@no-such-host.invalid/d".to_owned(), ErrorKind::Connection, "mysqladmin"),
            ("u:p@/d?socket=/no/such.sock".to_owned(), ErrorKind::Connection, "--socket="),
            (format!("u:p@{host}/d?ssl-mode=sometimes"), ErrorKind::Config, "verify_identity"),
            (format!("u:p@{host}/d?ssl-ca=/no/file"), ErrorKind::Config, "PEM"),
        ];
        for (rest, kind, hint) in cases {
            let error = refused(&format!("{scheme}://{rest}")).await;
            println!("{error}\n  {:?}", error.hints);
            assert_eq!(error.kind, kind, "{error:?}");
            assert!(error.hints.iter().any(|h| h.contains(hint)), "{error:?}");
            let shown = format!("{error} {error:?} {:?}", error.hints);
            assert!(!shown.contains("wrong") && !shown.contains("planscope:planscope"), "{shown}");
        }
    }
}

#[tokio::test]
async fn encryption_is_as_the_mode_says() {
    // dev/servers: MySQL encrypts with a certificate of its own, MariaDB does not.
    for (server, url) in urls() {
        let modes = ["disabled", "preferred", "required", "verify_ca", "verify_identity"];
        for mode in modes {
            let url = format!("{url}?ssl-mode={mode}");
            let opened = connect::open(&target(&url), &Policy::default(), Stop::new()).await;
            match (server, mode) {
                ("MYSQL", "preferred" | "required") => {
                    assert!(opened.unwrap().facts.is_encrypted, "{server} {mode}");
                }
                (_, "disabled") | ("MARIADB", "preferred") => {
                    assert!(!opened.unwrap().facts.is_encrypted, "{server} {mode}");
                }
                _ => {
                    let error = opened.err().unwrap();
                    assert_eq!(error.kind, ErrorKind::Connection, "{server} {mode}: {error:?}");
                    assert!(error.message.contains("encrypted connection"), "{error}");
                    assert!(error.hints.iter().any(|hint| hint.contains("ssl-mode=disabled")));
                }
            }
        }
    }
}

#[tokio::test]
async fn server_of_the_other_engine_is_used_as_what_it_is() {
    for (server, url) in urls() {
        let (scheme, other) = match server {
            "MYSQL" => ("mysql://", "mariadb://"),
            _ => ("mariadb://", "mysql://"),
        };
        let url = url.replacen(scheme, other, 1);
        let mut session =
            drivers::connect(&target(&url), &Policy::default(), Stop::new()).await.unwrap();
        let want = if server == "MYSQL" { Engine::Mysql } else { Engine::Mariadb };
        assert_eq!(session.identity().engine, want);
        let checks = session.doctor().await.unwrap();
        let check = checks.iter().find(|check| check.id == "engine").unwrap();
        assert_eq!(check.status, CheckStatus::Warn, "{server}");
        let error = session.what_if_method().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Missing);
    }
}

#[tokio::test]
async fn doctor_finds_an_administrator_well() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let checks = database.session().await.doctor().await.unwrap();
            for check in &checks {
                println!("{server}: {:?} {}: {}", check.status, check.id, check.message);
                assert!(!matches!(check.status, CheckStatus::Fail | CheckStatus::Skipped));
                assert_eq!(check.remedy.is_none(), check.status == CheckStatus::Ok);
            }
            assert_eq!(checks.len(), 16);
        })
        .await;
    }
}

#[tokio::test]
async fn session_cannot_write() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let target = target(&database.url(""));
            let link = connect::open(&target, &Policy::default(), Stop::new()).await;
            let mut link = link.unwrap();
            for sql in ["CREATE TABLE x (id INT)", "DELETE FROM orders", "DROP TABLE events"] {
                let error = link.ask(sql).await.unwrap_err();
                assert!(error.message.contains("read-only"), "{server}: {sql}: {error}");
            }
        })
        .await;
    }
}

/// A function that writes, called directly, in a constant subquery, through a view, and in DML.
#[tokio::test]
async fn functions_are_not_run_by_explain() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            client.run("CREATE TABLE traces (id INT)").await;
            client
                .run("CREATE FUNCTION leaves_trace() RETURNS INT BEGIN INSERT INTO traces VALUES (1); RETURN 1; END")
                .await;
            client.run("CREATE VIEW hidden AS SELECT leaves_trace() AS one").await;
            let asked = [
                "SELECT * FROM orders WHERE id = (SELECT MAX(leaves_trace()) FROM customers)",
                "SELECT * FROM orders WHERE id = (SELECT MAX(one) FROM hidden)",
                "UPDATE orders SET total = 1 WHERE id = (SELECT MAX(leaves_trace()) FROM customers)",
                "DELETE FROM orders WHERE id = (SELECT one FROM hidden)",
            ];
            let asked = asked.map(statement);
            let mut session = database.session().await;
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            for plan in plans {
                assert_eq!(plan.unwrap_err().kind, "stored-function", "{server}");
            }
            let asked = ["SELECT (SELECT SLEEP(9))", "SELECT 1 FROM orders INTO OUTFILE '/tmp/x'"];
            let asked = asked.map(statement);
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            for plan in plans {
                assert_eq!(plan.unwrap_err().kind, "side-effects", "{server}");
            }
            assert_eq!(client.value("SELECT COUNT(*) FROM traces").await, "0", "{server}");
        })
        .await;
    }
}

/// How many statements run that hold `text`.
async fn count_running(client: &mut Client, text: &str) -> String {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.processlist \
         WHERE info LIKE '%{text}%' AND id <> CONNECTION_ID()"
    );
    client.value(&sql).await
}

#[tokio::test]
async fn stop_ends_the_statement_on_the_server_within_a_second() {
    const ENDLESS: &str = "SELECT COUNT(*) FROM orders a JOIN orders b JOIN orders c ON a.total < c.total + b.total WHERE 8 = 8";
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            let stop = Stop::new();
            let mut session = database.session_with(&Policy::default(), stop.clone()).await;
            let mut found = Vec::new();
            let mut each = |outcome| found.push(outcome);
            let asked = [statement("SELECT 1 FROM orders"), statement(ENDLESS)];
            let work = session.plans(&asked, Execution::Analyze, &mut each);
            let thrown = async {
                while count_running(&mut client, "8 = 8").await != "1" {}
                let thrown = Instant::now();
                stop.stop();
                thrown
            };
            let (error, thrown) = tokio::join!(work, thrown);
            assert!(thrown.elapsed() < Duration::from_secs(1), "{server}: {:?}", thrown.elapsed());
            assert_eq!(error.unwrap_err().kind, ErrorKind::Stopped, "{server}");
            // The server sends its answer before it clears the list.
            while count_running(&mut client, "8 = 8").await != "0" {
                assert!(thrown.elapsed() < Duration::from_secs(1), "{server}: it runs on");
            }
            assert_eq!(found.len(), 1, "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn locks_are_not_waited_for() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let mut locker = database.client().await;
            locker.run("LOCK TABLES orders WRITE").await;
            let mut session = database.session().await;
            let begun = Instant::now();
            let asked = [statement("SELECT * FROM orders"), statement("SELECT * FROM customers")];
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert!(begun.elapsed() < Duration::from_secs(4), "{server}: {:?}", begun.elapsed());
            assert_eq!(plans[0].as_ref().unwrap_err().kind, "lock-timeout", "{server}");
            assert!(plans[1].is_ok(), "{server}");
            locker.run("UNLOCK TABLES").await;
        })
        .await;
    }
}

#[tokio::test]
async fn lost_connection_is_told() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            kill_all(&database, server).await;
        })
        .await;
    }
}

async fn kill_all(database: &Database, server: &str) {
    let target = target(&database.url(""));
    let link = connect::open(&target, &Policy::default(), Stop::new()).await;
    let mut link = link.unwrap();
    let kill = format!("KILL {}", link.facts.connection);
    database.client().await.run(&kill).await;
    let error = link.ask("SELECT 1").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection, "{server}: {error}");
}

#[tokio::test]
async fn collection_goes_on_without_a_database() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let mut client = shop(&database).await;
            let name = &database.name;
            client.run(&format!("SELECT COUNT(*) AS {name} FROM orders WHERE total > 11")).await;
            let (base, _) = url.rsplit_once('/').unwrap();
            let mut session =
                drivers::connect(&target(base), &Policy::default(), Stop::new()).await.unwrap();
            let request = Request { selection: most(1000), ..Request::default() };
            let snapshot = collect(session.as_mut(), &request, &mut |_| ()).await.unwrap();
            let found = snapshot.statements.iter().find(|s| s.text.contains(name)).unwrap();
            assert_eq!(found.plans.len(), 1, "{server}: {:?}", found.problems);
            assert!(snapshot.catalog.table(Some(&database.name), "orders").is_some());
            assert!(snapshot.catalog.tables.iter().all(|t| t.schema.as_deref() != Some("mysql")));
        })
        .await;
    }
}
