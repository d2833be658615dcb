//! The user's side of planscope: arguments, subcommands, outputs.
//!
//! A command turns arguments into a report; an output renders it. Only `ui.rs` writes to the
//! terminal, and nothing here knows a driver or a line of SQL.

mod cli;
mod cmd;
mod compare;
mod config;
mod ctx;
mod duration;
mod error;
mod exit;
mod gate;
mod input;
mod match_up;
mod moment;
mod output;
mod project;
mod report;
mod safe;
mod secret;
mod settings;
#[cfg(test)]
mod testing;
mod tui;
mod ui;

use crate::error::{CommandError, CommandErrorKind, Result};
use crate::exit::ExitStatus;
pub use crate::tui::headless;
use crate::ui::Ui;
use clap::Parser;
use clap::error::ErrorKind as ClapErrorKind;
use std::process::ExitCode;

/// Runs planscope with the process's arguments.
pub fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let ctx = settings::resolve(&cli.global);
    let as_json = ctx.output.machine_readable;
    let ui = ctx.ui.clone();
    let status = match cmd::run(&cli.command, ctx) {
        Ok(status) => status,
        Err(error) => {
            if error.kind != CommandErrorKind::BrokenPipe {
                ui.error(&error, as_json);
            }
            error.status()
        }
    };
    status.into()
}

/// Help and version are answers; anything else that clap says is a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    let is_answer =
        matches!(error.kind(), ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion);
    if !is_answer && asks_for_json(std::env::args()) {
        let error = usage_error(&error.to_string());
        Ui::new(true).error(&error, true);
        return error.status().into();
    }
    // Nobody is left to be told when the stream is closed.
    let _ = error.print();
    if is_answer { ExitStatus::Success.into() } else { ExitStatus::Error.into() }
}

/// Whether the arguments, which clap could not read, ask for JSON.
fn asks_for_json(mut args: impl Iterator<Item = String>) -> bool {
    args.any(|arg| arg == "--format=json" || arg == "json")
}

/// clap's text as an error: its first paragraph is the message, its tips are hints.
fn usage_error(text: &str) -> CommandError {
    let message = text.split("\n\n").next().unwrap_or(text).trim();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let words: Vec<&str> = message.split_whitespace().collect();
    let mut error = CommandError::usage(words.join(" "));
    for tip in text.lines().filter_map(|line| line.trim().strip_prefix("tip: ")) {
        error = error.hint(tip);
    }
    error.hint("--help says what can be written")
}

/// Runs `future` on a small runtime, with Ctrl-C and SIGTERM throwing the stop switch.
fn block_on<T>(ctx: &ctx::Ctx, future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime()?;
    ctx.watch_signals()?;
    runtime.block_on(future)
}

/// A small runtime.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(CommandErrorKind::Internal, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clap_says_is_an_error_like_any_other() {
        let text = "error: unexpected argument '--fromat' found\n\n  tip: a similar argument \
                    exists: '--format'\n\nUsage: planscope\n";
        let error = usage_error(text);
        assert_eq!(error.message, "unexpected argument '--fromat' found");
        assert_eq!(error.hints[0], "a similar argument exists: '--format'");
        let asks = |args: &[&str]| asks_for_json(args.iter().map(|&arg| arg.to_owned()));
        assert!(asks(&["--format", "json"]) && asks(&["--format=json"]));
        assert!(!asks(&["--format", "text", "plan.json"]));
    }
}
