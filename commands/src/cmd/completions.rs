//! `planscope completions`: a completion script for a shell.

use crate::cli::Cli;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a completion script for a shell
///
/// For bash: planscope completions bash > ~/.local/share/bash-completion/completions/planscope
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Runs the command.
pub fn run(args: &CompletionsArgs, ctx: &Ctx) -> Result<ExitStatus> {
    ctx.ui.data(&script(args.shell))?;
    Ok(ExitStatus::Success)
}

/// The script.
pub fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "planscope", &mut script);
    script
}
