//! Behind PgBouncer, which hands each transaction, or each statement, to any of its connections.

use super::support::{Database, shop, target, url, with_database};
use crate::collect::{Request, collect};
use crate::driver::{CheckStatus, Execution, all_plans};
use crate::drivers;
use crate::drivers::test_servers::{is_required, say};
use crate::error::ErrorKind;
use crate::guard::{Policy, Stop};
use crate::select::Selection;
use planscope_explain::workload::Statement;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::NoTls;

/// A PgBouncer of the test's own.
struct Bouncer {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bouncer {
    /// With one connection to the database, which everybody shares; `None` after saying so when
    /// PgBouncer is not installed.
    fn start(database: &Database, mode: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let of = target(&database.url(""));
        let (name, host) = (&database.name, &of.hosts()[0]);
        let config = format!(
            "[databases]\n{name} = host={} port={} dbname={name} user=planscope password=planscope\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n\
             pool_mode = {mode}\ndefault_pool_size = 1\nunix_socket_dir =\n",
            host.name, host.port
        );
        let path = folder.path().join("pgbouncer.ini");
        std::fs::write(&path, config).unwrap();
        let open = |path, mode| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(folder.path().to_owned(), 0o755);
        open(path.clone(), 0o644);
        // It does not run as root.
        let mut command = Command::new("pgbouncer");
        if rustix::process::getuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let started = command.arg(&path).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
        let Ok(mut child) = started else {
            say("skipped: no pgbouncer (dev/tools up)");
            assert!(!is_required(), "PgBouncer is required");
            return None;
        };
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let up = lines.by_ref().map_while(Result::ok).find(|line| line.contains("process up"));
        assert!(up.is_some(), "pgbouncer did not come up");
        // It must not block on a full pipe; the thread ends with it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Some(Self { child, port, _folder: folder })
    }

    fn url(&self, database: &Database) -> String {
        format!("postgres://planscope@127.0.0.1:{}/{}", self.port, database.name)
    }
}

fn statement(text: &str) -> Statement {
    Statement { text: text.to_owned(), ..Statement::default() }
}

async fn value(client: &tokio_postgres::Client, sql: &str) -> String {
    let rows = client.simple_query(sql).await.unwrap();
    let row = rows.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap_or_default().to_owned()
}

/// 15 prepares normalized texts, 18 does not.
#[tokio::test]
async fn every_mode_works_and_leaves_nothing_behind() {
    for server in ["PG15", "PG18"] {
        let Some(url) = url(server) else { return };
        with_database(&url, async |database| {
            let admin = shop(&database).await;
            for i in 0..9 {
                let more = "AND id > 0 ".repeat(i);
                let sql = format!("SELECT total FROM orders WHERE id = {i} {more}");
                admin.batch_execute(&sql).await.unwrap();
            }
            for mode in ["session", "transaction", "statement"] {
                let Some(bouncer) = Bouncer::start(&database, mode) else { return };
                works_and_leaves_nothing(&bouncer, &database, &format!("{server} {mode}")).await;
            }
        })
        .await;
    }
}

async fn works_and_leaves_nothing(bouncer: &Bouncer, database: &Database, what: &str) {
    let policy = Policy::default();
    let of = target(&bouncer.url(database));
    let mut session = drivers::connect(&of, &policy, Stop::new()).await.unwrap();
    let request =
        Request { selection: Selection { top: 100, ..Selection::default() }, ..Request::default() };
    let snapshot = collect(&mut *session, &request, &mut |_| ()).await.unwrap();
    let planned = snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
    assert!(planned >= 9, "{what}: {planned} plans; {:?}", snapshot.problems);
    assert!(snapshot.catalog.table(None, "orders").is_some(), "{what}");
    // It cannot write here either.
    let asked = [statement("SELECT count(*) FROM orders"), statement("DELETE FROM orders")];
    let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
    assert!(plans[0].as_ref().unwrap().plan.is_analyzed(), "{what}");
    assert!(!plans[1].as_ref().unwrap().plan.is_analyzed(), "{what}");
    let checks = session.doctor().await.unwrap();
    let check = checks.iter().find(|check| check.id == "pooler").unwrap();
    assert_eq!(check.status, CheckStatus::Warn, "{what}");
    assert!(check.remedy.as_ref().unwrap().contains("the server itself"), "{what}");
    for check in &checks {
        assert_ne!(check.status, CheckStatus::Fail, "{what}: {check:?}");
    }
    drop(session);
    // The next one in the pool's only connection.
    let (client, connection) =
        tokio_postgres::connect(&bouncer.url(database), NoTls).await.unwrap();
    tokio::spawn(connection);
    for (name, want) in [
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        ("default_transaction_read_only", "off"),
        ("plan_cache_mode", "auto"),
    ] {
        assert_eq!(value(&client, &format!("SHOW {name}")).await, want, "{what}: {name}");
    }
    let track = "SHOW pg_stat_statements.track";
    assert_eq!(value(&client, track).await, value(&database.client().await, track).await);
    let left = value(&client, "SELECT count(*) FROM pg_prepared_statements").await;
    assert_eq!(left, "0", "{what}");
}

#[tokio::test]
async fn a_stop_reaches_the_server_through_the_pooler() {
    let Some(url) = url("PG15") else { return };
    with_database(&url, async |database| {
        let admin = shop(&database).await;
        let Some(bouncer) = Bouncer::start(&database, "transaction") else { return };
        let stop = Stop::new();
        let of = target(&bouncer.url(&database));
        let mut session = drivers::connect(&of, &Policy::default(), stop.clone()).await.unwrap();
        let endless = "SELECT count(*) FROM orders a, orders b, orders c WHERE a.total < b.weight";
        let asked = [statement(endless)];
        let work = all_plans(&mut *session, &asked, Execution::Analyze);
        let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND state = 'active' AND query LIKE '%ANALYZE%' AND pid <> pg_backend_pid()";
        let stopping = async {
            while value(&admin, running).await == "0" {}
            stop.stop();
            Instant::now()
        };
        let (outcome, stopped) = tokio::join!(work, stopping);
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Stopped);
        // By itself it would run for the minute of `Policy::analyze_timeout`.
        assert!(stopped.elapsed() < Duration::from_secs(10), "{:?}", stopped.elapsed());
        while value(&admin, running).await != "0" {
            assert!(stopped.elapsed() < Duration::from_secs(20), "it runs on");
        }
    })
    .await;
}
