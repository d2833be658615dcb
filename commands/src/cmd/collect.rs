//! `planscope collect`: the heaviest statements and their plans into a snapshot file.

use super::dry_run;
use super::fleet::{self, Which};
use super::from_log::{self, FromLogArgs};
use super::watch::{self, WatchArgs};
use super::workload::{self, WorkloadArgs};
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::report::{CollectReport, Report};
use crate::{block_on, input};
use clap::Args;

/// Collect the heaviest statements and their plans into a snapshot
///
/// The session is read-only, with short timeouts; nothing is run but planscope's own catalog queries
/// and EXPLAIN. SQLite keeps no statistics, so its statements come from --queries and are run and
/// measured.
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Database: postgres://user@host/db, mysql://…, mariadb://…, sqlite:FILE, or a name in
    /// planscope.toml; by default that of
    /// PLANSCOPE_TARGET
    pub target: Option<String>,
    /// Every target of planscope.toml
    #[arg(long, conflicts_with_all = ["target", "group"])]
    pub all: bool,
    /// The targets of this group of planscope.toml
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pub group: Option<String>,
    /// How many targets to look at at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub at_once: u16,
    /// Send nothing to the database: print every statement that would be sent. Of logs: save
    /// nothing, print what would be saved, with --format json the whole snapshot
    #[arg(long, conflicts_with_all = ["all", "group", "watch"])]
    pub dry_run: bool,
    /// The server's version for a dry run, as some statements depend on it: 15, 8.0
    #[arg(long, value_name = "VERSION", requires = "dry_run", conflicts_with = "from_log")]
    pub server_version: Option<String>,
    #[command(flatten)]
    pub logs: Box<FromLogArgs>,
    #[command(flatten)]
    pub watching: WatchArgs,
    #[command(flatten)]
    pub workload: WorkloadArgs,
}

// Read here and not by clap, which would take the variable and --all for a contradiction.
fn target_name<'a>(args: &'a CollectArgs, ctx: &'a Ctx) -> Result<&'a str> {
    let name = args.target.as_deref().or_else(|| ctx.environment.get("PLANSCOPE_TARGET"));
    name.ok_or_else(|| {
        CommandError::usage("which target?")
            .hint("planscope collect postgres://user@host/db, or --all for those of planscope.toml")
    })
}

/// Runs the command.
pub fn run(args: &CollectArgs, ctx: &Ctx) -> Result<ExitStatus> {
    if !args.logs.from_log.is_empty() {
        return from_log::run(&args.logs, &args.workload, &args.watching, args.dry_run, ctx);
    }
    let which = match &args.group {
        Some(group) => Some(Which::Group(group)),
        None => args.all.then_some(Which::All),
    };
    if let Some(which) = which {
        return fleet::run(which, &args.workload, args.at_once.into(), ctx);
    }
    let target = input::target(ctx, target_name(args, ctx)?)?;
    if args.dry_run {
        return dry_run::run(&target, &args.workload, args.server_version.as_deref(), ctx);
    }
    let store = ctx.store()?;
    store.check_writable()?;
    let _registered = workload::registered(ctx, &target);
    if args.watching.watch {
        return watch::run(&target, &args.watching, &args.workload, &store, ctx);
    }
    let guarded = workload::collect_guarded(ctx, &target, &args.workload, &store);
    let snapshot = block_on(ctx, guarded)?;
    let path = Some(store.save(&snapshot)?);
    let by = Some(args.workload.chosen_by());
    super::show(ctx, &Report::Collect(CollectReport { snapshot, path, by }))?;
    // What was collected before the stop is kept, and whoever waits is told.
    Ok(if ctx.stop.is_stopped() { ExitStatus::Interrupted } else { ExitStatus::Success })
}
