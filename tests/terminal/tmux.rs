//! A tmux server of its own with one window, and its news: the control client tells when something
//! was drawn, so that nothing waits by sleeping.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longest wait for something to appear; only a broken journey ever waits as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal.
pub struct Tmux {
    socket: String,
    client: Child,
    /// The client leaves when this is closed.
    _client_input: ChildStdin,
    drawn: Receiver<()>,
}

impl Tmux {
    /// A terminal of that size with a shell in `home`, with this environment and no other.
    pub fn start(size: (u16, u16), home: &Path, environment: &[(&str, String)]) -> Self {
        let socket = home.join("tmux.socket").display().to_string();
        let mut shell = String::from("exec env -i");
        for (name, value) in environment {
            shell.push_str(&format!(" {name}='{value}'"));
        }
        shell.push_str(" bash --norc --noprofile");
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let home = home.display().to_string();
        let started = Command::new("tmux")
            .args(["-S", &socket, "-f", "/dev/null", "new-session", "-d", "-s", "journey"])
            .args(["-x", &width, "-y", &height, "-c", &home, &shell])
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .status();
        assert!(started.is_ok_and(|status| status.success()), "tmux did not start");
        let mut client = Command::new("tmux")
            .args(["-S", &socket, "-C", "attach-session", "-f", "ignore-size", "-t", "journey"])
            .env_remove("TMUX")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a control client");
        let client_input = client.stdin.take().expect("its input is piped");
        let output = client.stdout.take().expect("its output is piped");
        let (sender, drawn) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if line.starts_with(b"%output") && sender.send(()).is_err() {
                    return;
                }
            }
        });
        Self { socket, client, _client_input: client_input, drawn }
    }

    /// Runs a command of tmux; gives what it prints.
    pub fn command(&self, args: &[&str]) -> String {
        let output = Command::new("tmux").args(["-S", &self.socket]).args(args).output();
        let output = output.expect("tmux");
        assert!(output.status.success(), "tmux {args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.command(&["capture-pane", "-p", "-t", "journey"])
    }

    /// A value of tmux about the terminal: `alternate_on`, `cursor_flag`, `pane_pid`.
    pub fn value(&self, name: &str) -> String {
        let format = format!("#{{{name}}}");
        self.command(&["display-message", "-p", "-t", "journey", &format]).trim().to_owned()
    }

    /// Waits until the screen is as `wanted`; gives the last screen when it never is.
    pub fn wait_until(&self, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            // What was drawn before this look is seen by it.
            while self.drawn.try_recv().is_ok() {}
            let screen = self.screen();
            if wanted(&screen) {
                return Ok(());
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            if left.is_zero() || self.drawn.recv_timeout(left).is_err() {
                let screen = self.screen();
                return if wanted(&screen) { Ok(()) } else { Err(screen) };
            }
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).status();
        let _ = self.client.wait();
    }
}
