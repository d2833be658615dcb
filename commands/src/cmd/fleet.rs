//! Collecting from many targets at once: those of the config file, or a group of them.

use super::workload::{self, WorkloadArgs};
use crate::ctx::Ctx;
use crate::error::{CommandError, CommandErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::{FleetReport, FleetRow, Report};
use crate::{block_on, input};
use futures_util::{StreamExt as _, stream};
use planscope_collection::Target;
use planscope_collection::store::Store;
use planscope_explain::Snapshot;

/// Which targets.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Every target of the config.
    All,
    /// Those of a group.
    Group(&'a str),
}

/// Collects from each; what one of them fails at is no matter of the others.
pub fn run(which: Which<'_>, args: &WorkloadArgs, at_once: usize, ctx: &Ctx) -> Result<ExitStatus> {
    let names = names(which, ctx)?;
    let store = ctx.store()?;
    store.check_writable()?;
    // A target whose URL or password command is wrong is a row of the summary as well.
    let targets: Vec<(String, Result<Target>)> =
        names.into_iter().map(|name| (name.clone(), input::target(ctx, &name))).collect();
    let mut rows = block_on(ctx, async {
        let each = targets.into_iter().map(|(name, target)| one(name, target, args, &store, ctx));
        Ok(stream::iter(each).buffer_unordered(at_once).collect::<Vec<FleetRow>>().await)
    })?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    let failed = rows.iter().any(|row| row.outcome.is_err());
    super::show(ctx, &Report::Fleet(FleetReport { rows }))?;
    Ok(match () {
        () if ctx.stop.is_stopped() => ExitStatus::Interrupted,
        () if failed => ExitStatus::Error,
        () => ExitStatus::Success,
    })
}

fn names(which: Which<'_>, ctx: &Ctx) -> Result<Vec<String>> {
    let config = ctx.config()?;
    let names = match which {
        Which::Group(group) => config.group(group)?.to_vec(),
        Which::All => config.targets.keys().cloned().collect(),
    };
    if names.is_empty() {
        let error = CommandError::new(CommandErrorKind::Config, "planscope.toml names no target");
        return Err(
            error.hint("write [targets.shop] and below it url = \"postgres://user@host/db\"")
        );
    }
    Ok(names)
}

async fn one(
    name: String,
    target: Result<Target>,
    args: &WorkloadArgs,
    store: &Store,
    ctx: &Ctx,
) -> FleetRow {
    let outcome = match target {
        Ok(target) => collected(&target, args, store, ctx).await,
        Err(error) => Err(error),
    };
    FleetRow { name, outcome }
}

async fn collected(
    target: &Target,
    args: &WorkloadArgs,
    store: &Store,
    ctx: &Ctx,
) -> Result<(Snapshot, std::path::PathBuf)> {
    let _registered = workload::registered(ctx, target);
    let snapshot = workload::collect_guarded(ctx, target, args, store).await?;
    let path = store.save(&snapshot)?;
    Ok((snapshot, path))
}
