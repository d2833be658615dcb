//! `planscope collect`: the heaviest statements and their plans into a snapshot file.

use super::workload::{self, WorkloadArgs};
use crate::ctx::Ctx;
use crate::error::Result;
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
    /// Database: postgres://user@host/db, sqlite:FILE
    #[arg(env = "PLANSCOPE_TARGET", hide_env_values = true)]
    pub target: String,
    #[command(flatten)]
    pub workload: WorkloadArgs,
}

/// Runs the command.
pub fn run(args: &CollectArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let target = input::target(ctx, &args.target)?;
    let store = ctx.store()?;
    store.check_writable()?;
    let snapshot = block_on(ctx, async {
        let mut session =
            workload::connect(ctx, &target, &args.workload.connection.policy()).await?;
        workload::collect(ctx, &mut *session, &args.workload).await
    })?;
    let path = store.save(&snapshot)?;
    let by = args.workload.chosen_by();
    super::show(ctx, &Report::Collect(CollectReport { snapshot, path, by }))?;
    // What was collected before the stop is kept, and whoever waits is told.
    Ok(if ctx.stop.is_stopped() { ExitStatus::Interrupted } else { ExitStatus::Success })
}
