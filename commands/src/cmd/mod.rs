//! The subcommands, one file each. A new one costs its file and three lines: a `mod` line here, a
//! variant in `cli.rs`, an arm below.

pub mod advise;
pub mod analyze;
pub mod baseline;
pub mod browse;
pub mod collect;
pub mod completions;
pub mod demo;
pub mod diff;
pub mod doctor;
mod dry_run;
pub mod explain;
mod fleet;
mod follow;
mod from_log;
mod inject;
mod interface;
pub mod limits;
mod live;
mod rejects;
pub mod rules;
mod runs;
mod side_by_side;
mod sides;
pub mod snapshots;
mod sources;
pub mod stop;
pub mod util;
mod watch;
mod workload;

use crate::cli::Command;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::output;
use crate::report::{Report, ShownPlan};

/// Runs a subcommand.
pub fn run(command: &Command, ctx: Ctx) -> Result<ExitStatus> {
    output::check(ctx.output, name(command))?;
    match command {
        Command::Collect(args) => collect::run(args, &ctx),
        Command::Explain(args) => explain::run(args, &ctx),
        Command::Analyze(args) => analyze::run(args, &ctx),
        Command::Browse(args) => browse::run(args, &ctx),
        Command::Advise(args) => advise::run(args, &ctx),
        Command::Baseline(args) => baseline::run(args, &ctx),
        Command::Diff(args) => diff::run(args, &ctx),
        Command::Demo(args) => demo::run(args, &ctx),
        Command::Doctor(args) => doctor::run(args, &ctx),
        Command::Rules(args) => rules::run(args, &ctx),
        Command::Snapshots(args) => snapshots::run(args, &ctx),
        Command::Stop(args) => stop::run(args, &ctx),
        Command::Completions(args) => completions::run(args, &ctx),
        Command::Util(args) => util::run(args, &ctx),
    }
}

/// The subcommand as it is typed.
fn name(command: &Command) -> &'static str {
    match command {
        Command::Collect(_) => "collect",
        Command::Explain(_) => "explain",
        Command::Analyze(_) => "analyze",
        Command::Browse(_) => "browse",
        Command::Advise(_) => "advise",
        Command::Baseline(_) => "baseline",
        Command::Diff(_) => "diff",
        Command::Demo(_) => "demo",
        Command::Doctor(_) => "doctor",
        Command::Rules(_) => "rules",
        Command::Snapshots(_) => "snapshots",
        Command::Stop(_) => "stop",
        Command::Completions(_) => "completions",
        Command::Util(_) => "util",
    }
}

/// Renders a report to stdout.
fn show(ctx: &Ctx, report: &Report) -> Result<()> {
    ctx.ui.data(&(ctx.output.render)(report, &ctx.style)?)
}

/// The plans in a text as `explain` shows them, where asked for with what the rules say of them.
pub fn plans_of_text(text: &str, name: &str, judged: bool) -> Result<Vec<ShownPlan>> {
    match judged {
        true => explain::from_text(text, name, None, &Config::default()),
        false => explain::without_findings(text, name, None),
    }
}

/// Advice by the cost model as `advise` gives it.
#[cfg(test)]
pub fn estimated_advice(
    snapshot: &planscope_explain::Snapshot,
) -> Result<crate::report::AdviseReport> {
    let (options, thresholds) = Default::default();
    Ok(advise::without_session(snapshot.clone(), "shop".to_owned(), options, &thresholds))
}
