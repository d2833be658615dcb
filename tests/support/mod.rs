//! What end-to-end tests share: a home of their own, the binary, filters, servers.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait for a run of the binary; only a hanging one ever waits as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A temporary home in which planscope runs with a fixed clock and an empty environment.
pub struct TestEnv {
    home: TempDir,
}

impl TestEnv {
    pub fn new() -> Self {
        Self { home: TempDir::new().expect("a temporary folder") }
    }

    /// The home's folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file into the home and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a writable home");
        path
    }

    /// The command, not yet run.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_planscope"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PLANSCOPE_NOW", "2026-01-02T03:04:05Z")
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs planscope to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        let child = self.command(args).spawn().expect("the binary");
        Run::of(&wait(child), self)
    }

    /// Runs planscope with `input` on stdin.
    pub fn run_with_input<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: impl AsRef<[u8]>,
    ) -> Run {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("the binary");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // It may stop reading early: that is its right.
        let _ = stdin.write_all(input.as_ref());
        drop(stdin);
        Run::of(&wait(child), self)
    }

    /// `text` with what differs from run to run replaced.
    fn filtered(&self, text: &str) -> String {
        text.replace(&self.home.path().display().to_string(), "[HOME]")
    }
}

/// Waits for a child, and ends it when it hangs.
pub fn wait(child: Child) -> Output {
    let pid = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(output) => output.expect("output of the binary"),
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
            panic!("planscope did not end within {PATIENCE:?}");
        }
    }
}

/// Sends a signal to a child, as the terminal does.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal could not be sent");
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: &Output, env: &TestEnv) -> Self {
        let text = |bytes: &[u8]| env.filtered(&String::from_utf8_lossy(bytes));
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Exit code, stdout and stderr in one text, for snapshots.
    pub fn shown(&self) -> String {
        let code = self.code.map_or("signal".to_owned(), |code| code.to_string());
        format!(
            "exit code: {code}\n----- stdout -----\n{}\n----- stderr -----\n{}",
            self.stdout, self.stderr
        )
    }

    /// Asserts the exit code and shows everything when it is another.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.shown());
        self
    }

    /// Asserts that a failure says `what` in one error with at least one hint.
    #[track_caller]
    pub fn fails_with(self, code: i32, what: &str) -> Self {
        let run = self.code(code);
        let errors = run.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{}", run.shown());
        assert!(run.stderr.contains(what), "no `{what}` in\n{}", run.shown());
        assert!(run.stderr.contains("hint: "), "no hint in\n{}", run.shown());
        assert!(!run.stderr.contains("panicked"), "{}", run.shown());
        run
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}\n{}", self.shown()))
    }
}

/// Says something past the test runner, which keeps what a passing test prints to itself.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
