//! `planscope doctor`: is a target fit to be looked at.

use super::workload::{self, ConnectionArgs};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::{DoctorReport, Report};
use crate::{block_on, input};
use clap::Args;

/// Check whether a target is fit to be looked at
///
/// Each check that fails comes with the statement or setting that mends it. Exit 1 when planscope
/// cannot do its work.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Database: postgres://user@host/db, sqlite:FILE
    #[arg(env = "PLANSCOPE_TARGET", hide_env_values = true)]
    pub target: String,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Runs the command.
pub fn run(args: &DoctorArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let target = input::target(ctx, &args.target)?;
    let checks = block_on(ctx, async {
        let mut session = workload::connect(ctx, &target, &args.connection.policy()).await?;
        Ok(session.doctor().await?)
    })?;
    let report = DoctorReport { target: target.to_string(), checks };
    let fit = report.is_fit();
    super::show(ctx, &Report::Doctor(report))?;
    Ok(if fit { ExitStatus::Success } else { ExitStatus::Failure })
}
