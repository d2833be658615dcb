//! `planscope snapshots`: what is in the store.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::{CollectReport, Report, SnapshotsReport, counted};
use crate::safe::escaped_json;
use clap::{Args, Subcommand};
use planscope_collection::store::{Keep, Store, codec};
use serde_json::json;

/// List, show, export or prune the snapshots in the store
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
    /// Show what a snapshot holds
    Show {
        /// `latest`, `@2`, a file's name, the name of a target
        #[arg(default_value = "latest")]
        snapshot: String,
    },
    /// Print a snapshot as JSON (planscope.snapshot/1), which every command reads as well
    Export {
        /// `latest`, `@2`, a file's name, the name of a target
        #[arg(default_value = "latest")]
        snapshot: String,
    },
    /// Delete old snapshots
    Prune(PruneArgs),
    /// Print the path of a snapshot
    Path {
        /// `latest`, `@2`, a file's name, the name of a target
        #[arg(default_value = "latest")]
        snapshot: String,
    },
}

/// What a list of limits keeps.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// What is kept: 30d, 500 or 2GiB, or several of them; the newest of a target always
    #[arg(long, value_name = "LIMIT")]
    pub keep: Keep,
    /// Only snapshots of this target
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// Say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
pub fn run(args: &SnapshotsArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let store = ctx.store()?;
    match &args.action {
        Some(Action::Prune(args)) => prune(args, &store, ctx)?,
        Some(Action::Show { snapshot }) => {
            let path = store.resolve(snapshot)?;
            let snapshot = Store::load(&path)?;
            let path = Some(path);
            super::show(ctx, &Report::Collect(CollectReport { snapshot, path, by: None }))?;
        }
        Some(Action::Export { snapshot }) => {
            let text = codec::to_json(&Store::load(&store.resolve(snapshot)?)?)?;
            ctx.ui.data(text.as_bytes())?;
        }
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

fn prune(args: &PruneArgs, store: &Store, ctx: &Ctx) -> Result<()> {
    let superfluous = store.superfluous(&args.keep, args.target.as_deref())?;
    let paths: Vec<_> = match args.dry_run {
        true => superfluous.into_iter().map(|entry| entry.path).collect(),
        false => store.delete(&superfluous)?,
    };
    let lines: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    ctx.ui.data(lines.as_bytes())?;
    let what = if args.dry_run { "would be deleted" } else { "deleted" };
    ctx.ui.say(&format!("{} {what}", counted(paths.len(), "snapshot", "snapshots")));
    Ok(())
}
