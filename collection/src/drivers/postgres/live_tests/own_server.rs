//! A server of a test's own: Debian's PostgreSQL 15, with its own data, on its own port.

use crate::drivers::test_servers::{is_required, say};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// The server; it is killed when it is dropped.
pub struct Server {
    pub folder: tempfile::TempDir,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// `None` after saying so when there is no such PostgreSQL.
    pub fn make() -> Option<Self> {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            say(&format!("skipped: no {PROGRAMS} (dev/servers up)"));
            assert!(!is_required(), "{PROGRAMS} is required");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port };
        server.own(server.folder.path());
        server.run("initdb", &["-N", "-A", "trust", "-U", "planscope", "--no-instructions"]);
        Some(server)
    }

    /// Makes a file the server's: it does not run as root.
    pub fn own(&self, path: &Path) {
        if rustix::process::getuid().is_root() {
            let owned = Command::new("chown").arg("planscope").arg(path).status();
            assert!(owned.unwrap().success(), "dev/servers made that user");
        }
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
    pub fn start(&self) {
        self.start_with("");
    }

    /// The same, with more options.
    pub fn start_with(&self, more: &str) {
        let options = format!(
            "-p {} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB \
             -c shared_preload_libraries=pg_stat_statements {more}",
            self.port
        );
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["-w", "-l", &log.to_string_lossy(), "-o", &options, "start"]);
    }

    /// `kill -9` of all its processes at once, as a power cut would.
    pub fn kill(&self) {
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

    pub fn url(&self) -> String {
        format!("postgres://planscope:none@127.0.0.1:{}/postgres?sslmode=disable", self.port)
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
