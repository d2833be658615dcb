//! `planscope stop`: ends every running collector of this machine.

use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use clap::Args;
use planscope_collection::guard::registry::{Registry, Running};
use std::time::Duration;

/// Collectors cancel on the server within a second; then they save what they have.
const PATIENCE: Duration = Duration::from_secs(5);

/// End the running collectors of this machine
///
/// Each cancels what the server runs for it, saves what it has collected and ends. Only collectors of
/// the same user can be ended. Exit 2 when one still runs after five seconds.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// Only those of this target
    pub target: Option<String>,
}

/// Runs the command.
pub fn run(args: &StopArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let registry = Registry::of_user(&ctx.environment);
    let wanted = |running: &Running| args.target.as_ref().is_none_or(|t| *t == running.target);
    let found: Vec<Running> = registry.running().into_iter().filter(wanted).collect();
    for running in &found {
        let what = match running.stop() {
            Ok(()) => "asked to stop".to_owned(),
            Err(error) => format!("cannot be stopped: {error}"),
        };
        ctx.ui.data(format!("{}  {}  {what}\n", running.pid, running.target).as_bytes())?;
    }
    if found.is_empty() {
        ctx.ui.data(b"no collector is running\n")?;
        return Ok(ExitStatus::Success);
    }
    if let Some(running) = found.iter().find(|running| !running.ended_within(PATIENCE)) {
        let message = format!("process {} ({}) still runs", running.pid, running.target);
        return Err(CommandError::input(message).hint(format!("kill -9 {}", running.pid)));
    }
    Ok(ExitStatus::Success)
}
