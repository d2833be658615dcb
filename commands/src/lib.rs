//! The user's side of planscope: arguments, subcommands, outputs.
//!
//! A command turns arguments into a report; an output renders it. Only `ui.rs` writes to the
//! terminal, and nothing here knows a driver or a line of SQL.

mod cli;
mod cmd;
mod ctx;
mod error;
mod exit;
mod input;
mod output;
mod report;
mod settings;
mod ui;

use crate::error::{CommandError, CommandErrorKind, Result};
use crate::exit::ExitStatus;
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
    // Nobody is left to be told when the stream is closed.
    let _ = error.print();
    match error.kind() {
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => ExitStatus::Success.into(),
        _ => ExitStatus::Error.into(),
    }
}

/// Runs `future` on a small runtime, with Ctrl-C and SIGTERM throwing the stop switch.
fn block_on<T>(ctx: &ctx::Ctx, future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(CommandErrorKind::Internal, error.to_string()))?;
    runtime.block_on(async {
        let signals = settings::Signals::catch()?;
        let watch = settings::watch_signals(signals, ctx.stop.clone(), ctx.ui.clone());
        let watch = tokio::spawn(watch);
        let result = future.await;
        watch.abort();
        result
    })
}
