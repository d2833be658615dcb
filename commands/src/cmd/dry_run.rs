//! `planscope collect TARGET --dry-run`: what would be sent, without sending it.

use super::workload::WorkloadArgs;
use crate::block_on;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::{DryRunReport, Report};
use planscope_collection::Target;
use planscope_collection::collect;

/// Runs the command. `version` is the server's, on which some texts depend.
pub fn run(
    target: &Target,
    args: &WorkloadArgs,
    version: Option<&str>,
    ctx: &Ctx,
) -> Result<ExitStatus> {
    let policy = args.connection.policy()?;
    let request = args.request(target.engine, None)?;
    let sent =
        block_on(ctx, async { Ok(collect::dry_run(target, &policy, &request, version).await?) })?;
    super::show(ctx, &Report::DryRun(DryRunReport { target: target.to_string(), sent }))?;
    Ok(ExitStatus::Success)
}
