//! `planscope snapshots`: what is in the store.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::{Report, SnapshotsReport};
use crate::safe::escaped_json;
use clap::{Args, Subcommand};
use serde_json::json;

/// List the snapshots in the store, or print the path of one
#[derive(Debug, Args)]
pub struct SnapshotsArgs {
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with the store.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the snapshots, newest first
    List,
    /// Print the path of a snapshot
    Path {
        /// `latest`, `@2`, a file's name, the name of a target
        #[arg(default_value = "latest")]
        snapshot: String,
    },
}

/// Runs the command.
pub fn run(args: &SnapshotsArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let store = ctx.store()?;
    match &args.action {
        Some(Action::Path { snapshot }) => {
            let path = store.resolve(snapshot)?;
            let shown = path.display().to_string();
            let line = match ctx.output.machine_readable {
                true => escaped_json(&json!({ "path": shown }).to_string()),
                false => shown,
            };
            ctx.ui.data((line + "\n").as_bytes())?;
        }
        None | Some(Action::List) => {
            let report =
                SnapshotsReport { folder: store.folder().to_owned(), entries: store.list()? };
            super::show(ctx, &Report::Snapshots(report))?;
        }
    }
    Ok(ExitStatus::Success)
}
