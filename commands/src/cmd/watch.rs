//! `planscope collect --watch`: the same collection again and again.

use super::workload::WorkloadArgs;
use crate::ctx::Ctx;
use crate::error::{CommandError, CommandErrorKind, Result};
use crate::exit::ExitStatus;
use crate::{block_on, duration};
use clap::Args;
use futures_util::FutureExt as _;
use planscope_collection::drivers;
use planscope_collection::store::{Keep, Store};
use planscope_collection::watch::{self, Event, Pace, Watch};
use planscope_collection::{Target, clock};
use planscope_explain::units::{Millis, Share};
use std::time::Duration;

/// How to watch.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// Collect again and again until stopped: more often while plans change, seldom while nothing does
    #[arg(long, conflicts_with_all = ["queries", "all", "group"], group = "repeating")]
    pub watch: bool,
    /// The first pause between two rounds; it moves between a quarter and eight times of it. With
    /// --follow the time between two snapshots
    #[arg(long, value_name = "TIME", default_value = "60s", requires = "repeating", value_parser = duration::parse)]
    pub every: Duration,
    /// How long the target's snapshots are kept: 30d, 500 or 2GiB, or several of them
    #[arg(long, value_name = "LIMIT", requires = "repeating")]
    pub keep: Option<Keep>,
    /// Most of the time that may be spent collecting, in percent
    #[arg(long, value_name = "PERCENT", default_value = "2%", requires = "watch", value_parser = percent)]
    pub budget: f64,
    /// End after so many rounds
    #[arg(long, value_name = "N", requires = "repeating", value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: Option<u64>,
}

/// Reads a percentage above zero; for clap.
pub(super) fn percent(text: &str) -> std::result::Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok();
    number
        .filter(|n| *n > 0.0 && *n <= 100.0)
        .ok_or_else(|| format!("`{text}` is no percentage between 0 and 100: write 2%"))
}

/// Runs the command.
pub fn run(
    target: &Target,
    args: &WatchArgs,
    of: &WorkloadArgs,
    store: &Store,
    ctx: &Ctx,
) -> Result<ExitStatus> {
    let _lock = store.lock(&target.file_stem())?;
    let policy = of.connection.policy()?;
    let stop = ctx.stop.clone();
    let open = || async { drivers::connect(target, &policy, stop.clone()).await }.boxed();
    let watch = Watch {
        open: &open,
        request: of.request(target.engine, of.known(&target.name(), store))?,
        store,
        keep: args.keep,
        pace: Pace::around(args.every, args.budget),
        rounds: args.rounds,
        stop: ctx.stop.clone(),
    };
    let mut closed = false;
    let ui = ctx.ui.clone();
    let mut tell = |event: Event<'_>| {
        if ui.data(line(event).as_bytes()).is_err() {
            // Nobody reads any more: `planscope collect --watch | head`.
            closed = true;
            stop.stop();
        }
    };
    block_on(ctx, async { Ok(watch::run(&watch, &mut tell).await?) })?;
    if closed {
        return Err(CommandError::new(CommandErrorKind::BrokenPipe, "stdout is closed"));
    }
    Ok(ExitStatus::Success)
}

fn line(event: Event<'_>) -> String {
    let time = clock::time_of_day();
    let pause = |pause: Duration| Millis(pause.as_secs_f64() * 1000.0).to_string();
    match event {
        Event::Saved { snapshot, path, pruned } => {
            let plans = snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
            let share = snapshot.coverage.time_share;
            let share = share.map(|share| format!(", {} of the time", Share(share)));
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let pruned = if pruned > 0 { format!(", {pruned} deleted") } else { String::new() };
            format!(
                "{time}  {} statements, {plans} plans{}: {name}{pruned}\n",
                snapshot.statements.len(),
                share.unwrap_or_default()
            )
        }
        Event::Failed(error) => format!("{time}  failed: {error}\n"),
        Event::Pausing(time, reason) => format!("          next in {}: {reason}\n", pause(time)),
    }
}
