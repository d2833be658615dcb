//! `planscope browse`: the plans of a snapshot, of a file or of a database, at the terminal.

use super::interface::InterfaceArgs;
use super::workload::{self, WorkloadArgs};
use super::{explain, show};
use crate::block_on;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{ExplainReport, Report, ShownPlan};
use clap::Args;
use planscope_explain::Snapshot;
use planscope_explain::workload::Catalog;

/// Look at plans in the terminal
///
/// INPUT is a snapshot (a file, `latest`, `@2`, the name of a target), a file with the output of
/// EXPLAIN, or a database, which is then collected from without saving a snapshot. `?` shows the keys.
/// Where stdout is no terminal, or --format is given, the plans are printed.
#[derive(Debug, Args)]
pub struct BrowseArgs {
    /// Snapshot, plan file or database
    #[arg(default_value = "latest")]
    pub input: String,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub interface: InterfaceArgs,
}

/// Runs the command.
pub fn run(args: &BrowseArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let (plans, catalog) = match input::resolve(ctx, &args.input)? {
        Input::Text(text, name) => {
            (explain::from_text(&text, &name, None, ctx.config()?)?, Catalog::default())
        }
        Input::Snapshot(snapshot, name) => {
            (plans_of(&snapshot, &name, ctx.config()?)?, snapshot.catalog)
        }
        Input::Target(target) => {
            let policy = args.workload.connection.policy()?;
            let snapshot = block_on(ctx, async {
                let mut session = workload::connect(ctx, &target, &policy).await?;
                workload::collect(ctx, &mut *session, &args.workload).await
            })?;
            (plans_of(&snapshot, &target.name(), ctx.config()?)?, snapshot.catalog)
        }
    };
    if args.interface.opens(ctx)? {
        return args.interface.show_plans(ctx, plans, None, catalog);
    }
    show(ctx, &Report::Explain(ExplainReport { plans, metric: None }))?;
    Ok(ExitStatus::Success)
}

/// The newest plan of every statement, the heaviest statement first.
fn plans_of(snapshot: &Snapshot, name: &str, config: &Config) -> Result<Vec<ShownPlan>> {
    let statements = snapshot.statements.iter();
    let newest =
        |statement| explain::of_statement(snapshot, statement, name, config).into_iter().take(1);
    let plans: Vec<ShownPlan> = statements.flat_map(newest).collect();
    if plans.is_empty() {
        return Err(CommandError::input(format!("{name} holds no plan"))
            .hint("`planscope collect` says why when it makes a snapshot"));
    }
    Ok(plans)
}
