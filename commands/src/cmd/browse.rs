//! `planscope browse`: a snapshot, a file of plans or a database, at the terminal.

use super::interface::InterfaceArgs;
use super::sources::{self, Planner};
use super::workload::{self, WorkloadArgs};
use super::{explain, live, show};
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{ExplainReport, Report};
use crate::tui::browse::known::{Before, Known};
use crate::tui::browse::live::{Live, nothing_yet};
use crate::tui::browse::{BrowseScreen, settle};
use crate::tui::message::Message;
use crate::{block_on, duration, tui};
use clap::Args;
use planscope_collection::Target;
use planscope_explain::Snapshot;
use planscope_explain::diff::Tolerance;
use planscope_explain::workload::Catalog;
use std::sync::Arc;
use std::time::Duration;

const AFTER_HELP: &str = "\
Examples:
  planscope browse                      # the newest snapshot
  planscope browse latest @2            # marked: what changed since the one before
  planscope browse postgres://me@host/shop --every 5s
  planscope browse latest --ask postgres://me@host/shop
  planscope browse latest --format markdown > statements.md";

/// Look at statements, plans, findings and advice in the terminal
///
/// INPUT is a snapshot (a file, `latest`, `@2`, the name of a target), a file with the output of
/// EXPLAIN, or a database, which is then collected from without saving a snapshot; with --every again and
/// again. `?` shows the keys. What changed is marked against AGAINST, else against the target's snapshot
/// before. Where stdout is no terminal, or --format is given, the list is printed.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct BrowseArgs {
    /// Snapshot, plan file or database
    #[arg(default_value = "latest")]
    pub input: String,
    /// Snapshot to compare with; the older of the two counts as the one before
    pub against: Option<String>,
    /// Collect from the database again and again, with this pause in between
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub every: Option<Duration>,
    /// Most of the time that may be spent collecting, in percent
    #[arg(long, value_name = "PERCENT", default_value = "5%", requires = "every", value_parser = super::watch::percent)]
    pub budget: f64,
    /// Database whose planner answers the advisor; by default the one that is browsed
    #[arg(long, value_name = "TARGET")]
    pub ask: Option<String>,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub interface: InterfaceArgs,
}

/// Runs the command.
pub fn run(args: &BrowseArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let opens = args.interface.opens(ctx)?;
    match input::resolve(ctx, &args.input)? {
        Input::Target(target) if args.every.is_some() && opens => look_on(args, ctx, *target),
        Input::Target(target) => {
            ctx.watch_signals()?;
            let _registered = workload::registered(ctx, &target);
            let store = ctx.store()?;
            let guarded = workload::collect_guarded(ctx, &target, &args.workload, &store);
            let snapshot = block_on(ctx, guarded)?;
            let name = target.name();
            look(args, ctx, (snapshot, name), Some(*target))
        }
        _ if args.every.is_some() => {
            Err(CommandError::usage(format!("--every: {} does not change", args.input))
                .hint("planscope browse TARGET --every 5s looks at a database"))
        }
        Input::Snapshot(snapshot, name) => look(args, ctx, (*snapshot, name), None),
        Input::Text(text, name) => plans(args, ctx, &text, &name),
    }
}

fn plans(args: &BrowseArgs, ctx: &Ctx, text: &str, name: &str) -> Result<ExitStatus> {
    if args.against.is_some() {
        return Err(CommandError::usage(format!("{name} is a file of plans, not a snapshot"))
            .hint("planscope diff BEFORE AFTER compares two plans"));
    }
    let plans = explain::from_text(text, name, None, ctx.config()?)?;
    if args.interface.opens(ctx)? {
        return args.interface.show_plans(ctx, plans, None, Catalog::default());
    }
    show(ctx, &Report::Explain(ExplainReport { plans, metric: None }))?;
    Ok(ExitStatus::Success)
}

/// The planner to ask: the one named, else that of the database itself.
fn planner(args: &BrowseArgs, ctx: &Ctx, target: Option<Target>) -> Result<Option<Planner>> {
    let named = args.ask.as_deref().map(|name| input::target(ctx, name)).transpose()?;
    let policy = args.workload.connection.policy()?;
    Ok(named.or(target).map(|target| Planner { target, policy }))
}

/// A snapshot, with the one to compare it with.
fn look(
    args: &BrowseArgs,
    ctx: &Ctx,
    now: (Snapshot, String),
    target: Option<Target>,
) -> Result<ExitStatus> {
    let sources = sources::of(ctx, planner(args, ctx, target)?, Tolerance::default())?;
    let (now, before) = match &args.against {
        Some(other) => in_order(now, other_snapshot(ctx, other)?),
        None => (now, None),
    };
    let (snapshot, name) = now;
    let mut known = Known::new(name, Arc::new(snapshot), sources);
    known.before = before.map(|(before, name)| {
        let tolerance = known.sources.tolerance;
        Arc::new(Before::compare(name, Arc::new(before), &known.snapshot, tolerance))
    });
    if args.interface.opens(ctx)? {
        let screen = BrowseScreen::new(known, None);
        return tui::run(ctx, args.interface.look(ctx)?, Box::new(screen), |_| ());
    }
    settle(&mut known);
    let places: Vec<usize> = (0..known.snapshot.statements.len()).collect();
    show(ctx, &Report::Browse(known.report(&places)))?;
    Ok(ExitStatus::Success)
}

type Named = (Snapshot, String);

/// The later first, then the one before it.
fn in_order(one: Named, other: Named) -> (Named, Option<Named>) {
    match one.0.taken_at < other.0.taken_at {
        true => (other, Some(one)),
        false => (one, Some(other)),
    }
}

fn other_snapshot(ctx: &Ctx, name: &str) -> Result<Named> {
    match input::resolve(ctx, name)? {
        Input::Snapshot(snapshot, name) => Ok((*snapshot, name)),
        Input::Target(target) => {
            Err(CommandError::usage(format!("{target} is a database, not a snapshot"))
                .hint("collect from it first: planscope collect TARGET, then browse latest @2"))
        }
        Input::Text(_, name) => {
            Err(CommandError::usage(format!("{name} is a file of plans, not a snapshot"))
                .hint("name a snapshot: a file, `latest`, `@2`, the name of a target"))
        }
    }
}

/// A database, looked at while it works.
fn look_on(args: &BrowseArgs, ctx: &Ctx, target: Target) -> Result<ExitStatus> {
    if args.against.is_some() {
        return Err(CommandError::usage("--every compares with the target's last snapshot")
            .hint("leave the second snapshot out"));
    }
    let every = args.every.unwrap_or_default();
    let planner = planner(args, ctx, Some(target.clone()))?;
    let sources = sources::of(ctx, planner, Tolerance::default())?;
    let nothing = nothing_yet(target.engine, &target.name());
    let known = Known::new(target.name(), nothing, sources);
    let (orders, orders_of_task) = live::orders();
    let screen = BrowseScreen::new(known, Some(Live::new(orders, every, args.budget / 100.0)));
    // Who finds it may stop it at once.
    ctx.watch_signals()?;
    let _registered = workload::registered(ctx, &target);
    let task = live::Task::new(ctx, target, &args.workload, (every, args.budget))?;
    let look = args.interface.look(ctx)?;
    tui::run(ctx, look, Box::new(screen), |mailbox| {
        let started = live::start(task, orders_of_task, mailbox.clone());
        started.map_err(|error| mailbox.send(Message::Failed(error)))
    })
}
