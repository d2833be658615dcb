//! What goes wrong, and how it is told.

use super::super::connect;
use super::own_server::Server;
use super::support::{Database, client, shop, target, url, urls, with_database};
use crate::collect::{Request, collect};
use crate::driver::{CheckStatus, Execution, Session, all_plans};
use crate::drivers;
use crate::error::{CollectError, ErrorKind};
use crate::guard::{Policy, Stop};
use crate::select::Selection;
use crate::wanted::Wanted;
use planscope_explain::workload::Statement;
use std::time::Duration;

fn statement(text: &str) -> Statement {
    Statement { text: text.to_owned(), ..Statement::default() }
}

/// Keeps the server busy for minutes.
const ENDLESS: &str = "SELECT count(*) FROM orders a, orders b, orders c WHERE a.total < b.weight";

async fn refused(url: &str) -> CollectError {
    let policy = Policy { connect_timeout: Duration::from_secs(2), ..Policy::default() };
    let opened = drivers::connect(&target(url), &policy, Stop::new()).await;
    opened.err().expect("nobody should be let in")
}

#[tokio::test]
async fn missing_extension_is_told_with_its_remedy() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let sql = "DROP EXTENSION IF EXISTS pg_stat_statements";
            database.client().await.batch_execute(sql).await.unwrap();
            let mut session = database.session().await;
            let error =
                collect(session.as_mut(), &Request::default(), &mut |_| ()).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Missing, "{server}");
            assert_eq!(error.hints[0], "CREATE EXTENSION pg_stat_statements;");
            let checks = session.doctor().await.unwrap();
            let check = checks.iter().find(|c| c.id == "pg-stat-statements").unwrap();
            assert_eq!(check.status, CheckStatus::Fail);
            assert_eq!(check.remedy.as_deref(), Some("CREATE EXTENSION pg_stat_statements;"));
        })
        .await;
    }
}

#[tokio::test]
async fn doctor_finds_a_superuser_well() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let checks = database.session().await.doctor().await.unwrap();
            for check in &checks {
                println!("{server}: {:?} {}: {}", check.status, check.id, check.message);
                assert!(!matches!(check.status, CheckStatus::Fail | CheckStatus::Skipped));
                assert_eq!(check.remedy.is_none(), check.status == CheckStatus::Ok);
            }
            assert_eq!(checks.len(), 18);
        })
        .await;
    }
}

#[tokio::test]
async fn unprivileged_user_is_told_what_is_hidden() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            let role = format!("{}_role", database.name);
            let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'geheim'");
            admin.batch_execute(&create).await.unwrap();
            admin.batch_execute("SELECT 1 FROM orders WHERE total = 5").await.unwrap();
            check_unprivileged(&database, &admin, &role, server).await;
            let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
            admin.batch_execute(&drop).await.unwrap();
        })
        .await;
    }
}

async fn check_unprivileged(
    database: &Database,
    admin: &tokio_postgres::Client,
    role: &str,
    server: &str,
) {
    let target = target(&database.url_as(role, "geheim"));
    let session =
        async || drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
    let selection = Selection { top: 100, ..Selection::default() };
    let request = Request { selection, ..Request::default() };
    let mut blind = session().await;
    let snapshot = collect(blind.as_mut(), &request, &mut |_| ()).await.unwrap();
    assert_eq!(snapshot.problems[0].kind, "permission", "{server}");
    assert!(snapshot.problems[0].message.contains("GRANT pg_read_all_stats"));
    let checks = blind.doctor().await.unwrap();
    let remedy = |id: &str| checks.iter().find(|c| c.id == id).unwrap().remedy.clone();
    assert!(remedy("statement-visibility").unwrap().starts_with("GRANT pg_read_all_stats TO"));
    assert!(remedy("table-privileges").unwrap().starts_with("GRANT "));
    assert!(remedy("own-statements").is_some());

    admin.batch_execute(&format!("GRANT pg_read_all_stats TO {role}")).await.unwrap();
    let snapshot = collect(session().await.as_mut(), &request, &mut |_| ()).await.unwrap();
    let seen = snapshot.statements.iter().find(|s| s.text.contains("orders WHERE total"));
    let problem = &seen.unwrap().problems[0];
    assert_eq!(problem.kind, "permission", "{server}");
    assert!(problem.message.contains("permission denied"), "{server}: {}", problem.message);
}

#[tokio::test]
async fn refusals_say_what_to_type() {
    let Some(url) = url("PG15") else { return };
    let (before, host) = url.split_once('@').unwrap();
    let (host, _) = host.split_once('/').unwrap();
    let cases = [
        (
            format!("postgres://planscope:wrong@{host}/postgres"),
            ErrorKind::Authentication,
            "PGPASSWORD",
        ),
        (format!("postgres://planscope@{host}/postgres"), ErrorKind::Authentication, "PGPASSWORD"),
        (
            format!("postgres://nobody:wrong@{host}/postgres"),
            ErrorKind::Authentication,
            "PGPASSWORD",
        ),
        (format!("{before}@{host}/no_such_db"), ErrorKind::Config, "psql"),
        (format!("{before}@127.0.0.1:1/postgres"), ErrorKind::Connection, "pg_isready"),
        (format!("{before}@no-such-host.invalid/postgres"), ErrorKind::Connection, "pg_isready"),
        (format!("{before}@%2Fno%2Ffolder/postgres"), ErrorKind::Connection, "pg_isready"),
        (format!("{before}@{host}/postgres?sslmode=sometimes"), ErrorKind::Config, "verify-full"),
        (
            format!("{before}@{host}/postgres?sslrootcert=/no/file&sslmode=verify-ca"),
            ErrorKind::Config,
            "",
        ),
    ];
    for (url, kind, hint) in cases {
        let error = refused(&url).await;
        println!("{error}\n  {:?}", error.hints);
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(hint.is_empty() || error.hints.iter().any(|h| h.contains(hint)), "{error:?}");
        let shown = format!("{error} {error:?} {:?}", error.hints);
        assert!(!shown.contains("wrong") && !shown.contains("planscope:planscope"), "{shown}");
    }
}

#[tokio::test]
async fn server_without_encryption_is_refused_when_it_is_required() {
    let Some(url) = url("PG16") else { return };
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = refused(&format!("{url}?sslmode={mode}")).await;
        assert_eq!(error.kind, ErrorKind::Connection, "{error:?}");
        assert!(error.message.contains("encrypted connection"), "{error}");
        assert!(error.hints.iter().any(|hint| hint.contains("sslmode=disable")));
    }
    for mode in ["disable", "allow", "prefer"] {
        let url = format!("{url}?sslmode={mode}");
        assert!(drivers::connect(&target(&url), &Policy::default(), Stop::new()).await.is_ok());
    }
}

/// A certificate for localhost that is its own authority, and its key, for the server.
fn certify(server: &Server) -> String {
    let file = |name: &str| server.folder.path().join(name).display().to_string();
    let (certificate, key) = (file("localhost.crt"), file("localhost.key"));
    // postgresql-common needs ssl-cert, and that needs openssl: it is there.
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "9",
            "-config",
            "/dev/stdin",
        ])
        .args(["-extensions", "own", "-out", &certificate, "-keyout", &key])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .and_then(|mut made| {
            use std::io::Write as _;
            let config = b"[req]\nprompt = no\ndistinguished_name = name\n[name]\nCN = localhost\n\
                           [own]\nsubjectAltName = DNS:localhost\nbasicConstraints = CA:FALSE\n";
            made.stdin.take().map(|mut input| input.write_all(config)).transpose()?;
            made.wait()
        });
    assert!(made.is_ok_and(|status| status.success()), "openssl makes a certificate");
    [&certificate, &key].iter().for_each(|path| server.own(path.as_ref()));
    server.start_with(&format!("-c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"));
    let base = format!("postgres://planscope:none@localhost:{}/postgres", server.port);
    format!("{base}?sslrootcert={certificate}")
}

#[tokio::test]
async fn certificates_are_checked_as_the_mode_says() {
    let Some(server) = Server::make() else { return };
    let url = certify(&server);
    let (plain, _) = url.split_once('?').unwrap();
    let by_address = url.replace("@localhost", "@127.0.0.1");
    let good = [
        format!("{plain}?sslmode=prefer"),
        format!("{plain}?sslmode=require"),
        format!("{url}&sslmode=require"),
        format!("{url}&sslmode=verify-full"),
        format!("{by_address}&sslmode=verify-ca"),
    ];
    for url in good {
        let link = connect::open(&target(&url), &Policy::default(), Stop::new()).await.unwrap();
        assert_eq!(link.facts.is_encrypted, Some(true), "{url}");
        link.cancel().await;
    }
    let plain_text = target(&format!("{plain}?sslmode=disable"));
    let link = connect::open(&plain_text, &Policy::default(), Stop::new()).await.unwrap();
    assert_eq!(link.facts.is_encrypted, Some(false));
    for url in [format!("{plain}?sslmode=verify-ca"), format!("{by_address}&sslmode=verify-full")] {
        let error = refused(&url).await;
        assert_eq!(error.kind, ErrorKind::Connection, "{error:?}");
        assert!(error.hints.iter().any(|hint| hint.contains("sslrootcert")), "{error:?}");
    }
}

#[tokio::test]
async fn second_host_is_tried() {
    let Some(url) = url("PG15") else { return };
    let url = url.replace('@', "@127.0.0.1:1,");
    assert!(drivers::connect(&target(&url), &Policy::default(), Stop::new()).await.is_ok());
    let both = refused("postgres://u@127.0.0.1:1,127.0.0.1:2/d").await;
    assert!(both.message.contains("127.0.0.1:1:") && both.message.contains("127.0.0.1:2:"));
}

#[tokio::test]
async fn session_cannot_write() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            let sneaky = "CREATE FUNCTION sneaky() RETURNS int LANGUAGE sql VOLATILE AS \
                          $$ INSERT INTO never_analyzed VALUES (1) RETURNING id $$";
            admin.batch_execute(sneaky).await.unwrap();
            let policy = Policy::default();
            let link = connect::open(&target(&database.url("")), &policy, Stop::new()).await;
            let link = link.unwrap();
            for sql in ["CREATE TABLE x (id int)", "DELETE FROM orders", "SELECT sneaky()"] {
                let error = link.ask(sql).await.unwrap_err();
                assert!(error.message.contains("read-only transaction"), "{server}: {error}");
            }
            let mut session = database.session().await;
            let asked = [statement("SELECT sneaky()"), statement("SELECT 1")];
            let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
            let plan = &plans[0].as_ref().unwrap().plan;
            let why = plan.details["planscope.not_run"].as_str().unwrap();
            assert!(!plan.is_analyzed() && why.contains("calls sneaky()"), "{server}: {why}");
            assert!(plans[1].is_ok());
            let row = admin.query_one("SELECT count(*) FROM never_analyzed", &[]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 0, "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn locked_table_delays_its_own_statements_only() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            admin.batch_execute("BEGIN; LOCK TABLE orders").await.unwrap();
            let policy = Policy { lock_timeout: Duration::from_millis(200), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            let asked = [
                statement("SELECT * FROM orders WHERE id = $1"),
                statement("SELECT * FROM customers WHERE id = $1"),
            ];
            let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
            assert_eq!(plans[0].as_ref().unwrap_err().kind, "lock-timeout", "{server}");
            assert!(plans[1].is_ok(), "{server}");
            let catalog = session.catalog(&Wanted::default()).await.unwrap().catalog;
            assert!(catalog.table(None, "orders").unwrap().size_bytes.unwrap() > 0.0);
        })
        .await;
    }
}

#[tokio::test]
async fn long_statement_ends_at_its_limit() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let policy =
                Policy { analyze_timeout: Duration::from_millis(300), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            let asked = [statement(ENDLESS), statement("SELECT 1")];
            let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
            assert_eq!(plans[0].as_ref().unwrap_err().kind, "timeout", "{server}");
            assert!(plans[1].is_ok(), "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn statement_that_is_asked_for_may_take_longer() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let policy =
                Policy { statement_timeout: Duration::from_millis(150), ..Policy::default() };
            let mut session = database.session_with(&policy, Stop::new()).await;
            let slow =
                "SELECT count(*) FROM generate_series(1, 2000) a, generate_series(1, 2000) b";
            let plans =
                all_plans(&mut *session, &[statement(slow)], Execution::Analyze).await.unwrap();
            let took = plans[0].as_ref().unwrap().plan.elapsed_ms().unwrap();
            assert!(took > 150.0, "{server}: {took} ms");
        })
        .await;
    }
}

async fn running(admin: &tokio_postgres::Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
               AND pid <> pg_backend_pid() AND state = 'active'";
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test is about how long a stop takes")]
async fn stop_cancels_on_the_server_within_a_second() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            let stop = Stop::new();
            let mut session = database.session_with(&Policy::default(), stop.clone()).await;
            let thrower = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                thrower.stop();
            });
            let asked = [statement(ENDLESS), statement(ENDLESS)];
            let begun = std::time::Instant::now();
            let stopped = all_plans(&mut *session, &asked, Execution::Analyze).await;
            let took = begun.elapsed();
            assert_eq!(stopped.unwrap_err().kind, ErrorKind::Stopped, "{server}");
            assert!(took < Duration::from_millis(1300), "{server}: {took:?}");
            assert_eq!(running(&admin).await, 0, "{server}");
            assert_eq!(
                session.catalog(&Wanted::default()).await.unwrap_err().kind,
                ErrorKind::Stopped
            );
        })
        .await;
    }
}

#[tokio::test]
async fn lost_connection_is_told() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            shop(&database).await;
            let mut session: Box<dyn Session> = database.session().await;
            let admin = client(&url).await;
            let kill = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' \
                 AND application_name = 'planscope'",
                database.name
            );
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                admin.batch_execute(&kill).await
            });
            let asked = [statement(ENDLESS)];
            let error = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Connection, "{server}: {error}");
            let error = session.settings().await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Connection, "{server}: {error}");
            assert!(error.message.contains("lost the connection"), "{server}: {error}");
        })
        .await;
    }
}
