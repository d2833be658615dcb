//! A server that is killed and started again, under a watch and in each phase of a collection. Debian's
//! PostgreSQL 15 is run for it, with data of the test's own.

use super::support::{client, target};
use crate::collect::{Request, collect};
use crate::drivers;
use crate::drivers::test_proxy::{Proxy, through};
use crate::drivers::test_servers::{is_required, say};
use crate::error::ErrorKind;
use crate::guard::{LoadLimits, Policy, Stop};
use crate::store::Store;
use crate::watch::{Event, Pace, Watch, run};
use futures_util::FutureExt as _;
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A server of the test's own.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// `None` after saying so when there is no such PostgreSQL.
    fn make() -> Option<Self> {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            say(&format!("skipped: no {PROGRAMS} (dev/servers up)"));
            assert!(!is_required(), "{PROGRAMS} is required");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if rustix::process::getuid().is_root() {
            let owned = Command::new("chown").arg("planscope").arg(folder.path()).status();
            assert!(owned.unwrap().success(), "dev/servers made that user");
        }
        let server = Self { folder, port };
        server.run("initdb", &["-N", "-A", "trust", "-U", "planscope", "--no-instructions"]);
        Some(server)
    }

    /// Runs a program of the server's, not as root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = format!("{PROGRAMS}/{program}");
        let mut command = Command::new("setpriv");
        if rustix::process::getuid().is_root() {
            command.args(["--reuid=planscope", "--regid=planscope", "--clear-groups"]);
        }
        let done = command
            .args(["--", &program, "-D"])
            .arg(self.folder.path())
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "{program} {arguments:?}");
    }

    /// Starts it, after a crash as well; comes back when it takes connections.
    fn start(&self) {
        let options = format!(
            "-p {} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB \
             -c shared_preload_libraries=pg_stat_statements",
            self.port
        );
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["-w", "-l", &log.to_string_lossy(), "-o", &options, "start"]);
    }

    /// `kill -9` of all its processes at once, as a power cut would.
    fn kill(&self) {
        let Ok(text) = std::fs::read_to_string(self.folder.path().join("postmaster.pid")) else {
            return;
        };
        let Some(leader) = text.lines().next().and_then(|pid| pid.parse().ok()) else { return };
        // It must not start another child, and its children are known only as long as it lives.
        signal(leader, Signal::STOP);
        let mut all = children(leader);
        all.push(leader);
        all.iter().for_each(|pid| signal(*pid, Signal::KILL));
        // The data folder is free when all are gone.
        while all.iter().any(|pid| is_alive(*pid)) {}
        // Their numbers may be another's tomorrow.
        let _ = std::fs::remove_file(self.folder.path().join("postmaster.pid"));
    }

    fn url(&self) -> String {
        format!("postgres://planscope:none@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    async fn with_statements(&self) {
        let admin = client(&self.url()).await;
        let schema = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; DROP TABLE IF EXISTS t; \
                      CREATE TABLE t (a int)";
        admin.batch_execute(schema).await.unwrap();
        for i in 0..9 {
            let sql = format!("SELECT a FROM t WHERE a = 1 {}", "AND a > 0 ".repeat(i));
            admin.batch_execute(&sql).await.unwrap();
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// The words of `/proc/PID/stat` after the program's name: state, parent …
fn stat(pid: i32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|words| words[0] != "Z")
}

/// Processes whose parent is this one.
fn children(leader: i32) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| stat(*pid).is_some_and(|words| words[1] == leader.to_string()))
        .collect()
}

fn request() -> Request {
    Request { limits: LoadLimits::none(), ..Request::default() }
}

#[tokio::test]
async fn killed_in_each_phase_it_is_told_and_what_came_is_kept() {
    let Some(server) = Server::make() else { return };
    let policy = Policy { connect_timeout: Duration::from_secs(2), ..Policy::default() };
    for (phase, is_kept) in [
        ("server_version_num", false),
        ("FROM pg_extension", false),
        ("pg_index", true),
        ("EXPLAIN", true),
    ] {
        server.start();
        server.with_statements().await;
        let place = format!("127.0.0.1:{}", server.port);
        let proxy = Proxy::before(&place, usize::MAX).await;
        let target = target(&through(&server.url(), &proxy));
        let work = async {
            let mut session = drivers::connect(&target, &policy, Stop::new()).await?;
            collect(&mut *session, &request(), &mut |_| ()).await
        };
        let killing = async {
            proxy.hears(phase).await;
            server.kill();
        };
        let both = async { tokio::join!(work, killing).0 };
        let outcome = tokio::time::timeout(Duration::from_secs(30), both).await;
        match outcome.unwrap_or_else(|_| panic!("{phase}: nobody noticed the dead server")) {
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Connection, "{phase}: {error:?}");
                assert!(!is_kept, "{phase}: {error:?}");
            }
            Ok(snapshot) => {
                // The answer may have been on its way already.
                assert!(
                    snapshot.problems.is_empty() || snapshot.problems[0].kind == "connection-lost"
                );
                assert!(!snapshot.statements.is_empty(), "{phase}");
            }
        }
    }
}

#[tokio::test]
async fn a_watch_survives_the_servers_death() {
    let Some(server) = Server::make() else { return };
    server.start();
    server.with_statements().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let target = target(&server.url());
    let (policy, stop) = (Policy::default(), Stop::new());
    let open = || drivers::connect(&target, &policy, stop.clone()).boxed();
    let short = Duration::from_millis(20);
    let pace = Pace { first: short, shortest: short, longest: short, budget_percent: 100.0 };
    let watch = Watch {
        open: &open,
        request: request(),
        store: &store,
        keep: None,
        pace,
        rounds: None,
        stop: stop.clone(),
    };
    let mut story = Vec::new();
    let mut tell = |event: Event<'_>| match event {
        Event::Saved { snapshot, .. } if snapshot.problems.is_empty() => match story.as_slice() {
            [] => {
                story.push("saved");
                server.kill();
            }
            [.., "failed"] => {
                story.push("saved again");
                stop.stop();
            }
            _ => {}
        },
        Event::Failed(error) => {
            assert_eq!(error.kind, ErrorKind::Connection, "{error:?}");
            if story.last() == Some(&"saved") {
                story.push("failed");
                server.start();
            }
        }
        Event::Saved { .. } | Event::Pausing(..) => {}
    };
    tokio::time::timeout(Duration::from_secs(60), run(&watch, &mut tell)).await.unwrap().unwrap();
    assert_eq!(story, ["saved", "failed", "saved again"]);
    for entry in store.list().unwrap() {
        Store::load(&entry.path).unwrap();
    }
}
