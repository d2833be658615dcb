//! The only place that writes to the terminal: data to stdout, talk and progress to stderr.

use crate::error::{CommandError, CommandErrorKind, Result};
use crate::safe::visible;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where talk goes and how much of it.
#[derive(Debug, Clone)]
pub struct Ui {
    quiet: bool,
    /// Whether the terminal is used for something else now; clones know it too.
    silenced: Arc<AtomicBool>,
    bars: MultiProgress,
}

impl Ui {
    /// Talks unless `quiet`; shows progress only on a terminal.
    pub fn new(quiet: bool) -> Self {
        let target = match !quiet && std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Self { quiet, silenced: Arc::default(), bars: MultiProgress::with_draw_target(target) }
    }

    /// Writes data to stdout.
    ///
    /// # Errors
    /// When stdout is closed (kind `BrokenPipe`, exit code 0) or the disk behind it is full.
    pub fn data(&self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => CommandError::from(error),
            _ => CommandError::new(CommandErrorKind::Input, format!("stdout: {error}"))
                .hint("not all of the output was written: make room, or write it elsewhere"),
        })
    }

    /// Says nothing and draws no bars while a view has the terminal.
    pub fn silence(&self, on: bool) {
        self.silenced.store(on, Ordering::SeqCst);
    }

    /// Says a line on stderr, unless quiet.
    pub fn say(&self, line: &str) {
        if !self.quiet && !self.silenced.load(Ordering::SeqCst) {
            // Nobody is left to be told when stderr is closed.
            let _ = writeln!(std::io::stderr().lock(), "{}", visible(line));
        }
    }

    /// Says a line on stderr even when quiet: something that must not go unnoticed.
    pub fn warn(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "warning: {}", visible(line));
    }

    /// Shows an error with its hints and causes on stderr, or as JSON.
    pub fn error(&self, error: &CommandError, as_json: bool) {
        let mut text = String::new();
        if as_json {
            text = crate::output::wire::error_document(error);
        } else {
            text.push_str(&format!("error: {}\n", error.message));
            for source in error.sources.iter().filter(|s| !error.message.contains(s.as_str())) {
                text.push_str(&format!("  caused by: {source}\n"));
            }
            if !error.hints.is_empty() {
                text.push('\n');
            }
            for hint in &error.hints {
                text.push_str(&format!("hint: {hint}\n"));
            }
            text = visible(&text);
        }
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// A progress bar on stderr; hidden where stderr is no terminal.
    pub fn progress(&self, message: &str, of: u64) -> ProgressBar {
        if self.silenced.load(Ordering::SeqCst) {
            return ProgressBar::hidden();
        }
        let bar = self.bars.add(ProgressBar::new(of));
        let style = ProgressStyle::with_template("{msg:28} {wide_bar:.cyan/dim} {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(message.to_owned());
        bar
    }
}
