//! `planscope diff`: what changed, is it worse, and by how much.

use super::interface::InterfaceArgs;
use super::runs::{self, Runs};
use super::sides::{self, LiveArgs, Reference, Side};
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::gate::{FailOn, Gate, Ruling, Subject};
use crate::report::{DiffContent, DiffReport, Report};
use crate::{compare, match_up};
use clap::Args;
use planscope_collection::clock;
use planscope_explain::Snapshot;
use planscope_explain::diff::{self, Side as PlanSide, SnapshotDiff, Tolerance, Verdict};
use planscope_explain::plan::Plan;

const AFTER_HELP: &str = "\
Exit codes: 0 the same or better, 1 at or over --fail-on, 2 the question could not be answered, 3 the
two cannot be compared.

Examples:
  planscope diff @2 @1                                      # two snapshots
  planscope diff before.json after.json                     # two plans
  planscope diff plans/ --against ci --fail-on worse,new-seq-scan
  planscope diff plans/ --against ci --format sarif > planscope.sarif
  planscope diff postgres://db1/shop postgres://db2/shop --queries sql/ --analyze --runs 9";

/// Compare plans, snapshots, databases or a baseline; exit 1 when it got worse
///
/// BEFORE and AFTER are plan files, snapshots (a file, `latest`, `@2`, name of a target), databases,
/// or baselines (a folder made by `planscope baseline`). Statements are matched by fingerprint,
/// those of a baseline by name as well; nodes are matched by what they do. The verdict is by work
/// where it was measured, else by cost, and by time only where repeated runs are surer than the
/// noise.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct DiffArgs {
    /// Plan file, snapshot, database or baseline
    pub before: String,
    /// The same, afterwards
    #[arg(required_unless_present = "against", conflicts_with = "against")]
    pub after: Option<String>,
    /// The database or snapshot to hold against BEFORE; the same as AFTER
    #[arg(long, value_name = "TARGET|SNAPSHOT")]
    pub against: Option<String>,
    /// What to exit 1 on: worse, changed, never, new-seq-scan, or kinds of change (sort-added …); by
    /// default that of planscope.toml, else worse
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = fail_on)]
    pub fail_on: Vec<FailOn>,
    /// How many times the work or cost may grow before it counts; by default that of planscope.toml,
    /// else 1.1, and 1.2 against a baseline, whose figures are rounded
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    pub tolerance: Option<f64>,
    /// How sure, in percent, repeated runs must be before their time counts
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub confidence: Option<f64>,
    /// With --analyze: run the statements this many times on both sides, in turns, and judge by the
    /// median times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub runs: Option<u16>,
    /// Only this statement: its name, fingerprint or engine's id
    #[arg(long, value_name = "ID")]
    pub statement: Option<String>,
    /// Most statements to print
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    #[command(flatten)]
    pub live: LiveArgs,
    #[command(flatten)]
    pub interface: InterfaceArgs,
}

fn fail_on(text: &str) -> Result<FailOn, String> {
    text.parse()
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| "not a number, e.g. 1.2".to_owned())?;
    if ratio.is_finite() && ratio >= 1.0 { Ok(ratio) } else { Err("must be 1 or more".to_owned()) }
}

/// Reads `95` or `99.5%`; the result is a share.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim();
    let percent: f64 = number.parse().map_err(|_| "not a number, e.g. 95".to_owned())?;
    let is_sane = percent > 0.0 && percent < 100.0;
    if is_sane { Ok(percent / 100.0) } else { Err("must be between 0 and 100".to_owned()) }
}

/// Runs the command.
pub fn run(args: &DiffArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let names =
        [&args.before, args.against.as_ref().or(args.after.as_ref()).unwrap_or(&args.before)];
    if names.iter().all(|name| *name == "-") {
        return Err(CommandError::usage("only one side can be read from stdin")
            .hint("name a file for the other"));
    }
    let gate = gate(args, ctx)?;
    let [before, after] = [Side::resolve(ctx, names[0])?, Side::resolve(ctx, names[1])?];
    if args.runs.is_some() {
        check_runs(&args.live, ctx, [&before, &after])?;
    }
    let is_gate = before.is_baseline();
    let tolerance = tolerance(args, ctx, is_gate)?;
    let mut report = match (before, after) {
        (Side::Plan(before, a), Side::Plan(after, b)) => {
            let sides = [PlanSide::of(&before), PlanSide::of(&after)];
            of_plans(diff::compare(sides, tolerance), [*before, *after], [a, b])
        }
        (Side::Plan(plan, a), other) => {
            plan_and_other(args, ctx, (&plan, a), other, false, tolerance)?
        }
        (other, Side::Plan(plan, b)) => {
            plan_and_other(args, ctx, (&plan, b), other, true, tolerance)?
        }
        (before, after) => of_snapshots(args, ctx, [before, after], &gate, tolerance)?,
    };
    report.judge(gate);
    // Reports for people have it on the page.
    if ctx.output.is_for_builds() {
        for line in report.leftovers() {
            ctx.ui.say(&line);
        }
    }
    let status = status(&report, is_gate);
    if args.interface.opens(ctx)? {
        let left = super::side_by_side::open(&args.interface, report, tolerance, ctx)?;
        return Ok(if left == ExitStatus::Success { status } else { left });
    }
    super::show(ctx, &Report::Diff(report))?;
    Ok(status)
}

fn gate(args: &DiffArgs, ctx: &Ctx) -> Result<Gate> {
    let config = &ctx.config()?.diff;
    let fail_on = match args.fail_on.is_empty() {
        true => config.fail_on.clone().unwrap_or_else(|| vec![FailOn::Worse]),
        false => args.fail_on.clone(),
    };
    Ok(Gate {
        fail_on,
        policies: config.policies.clone(),
        allows: config.allows.clone(),
        today: clock::today(),
    })
}

fn tolerance(args: &DiffArgs, ctx: &Ctx, is_gate: bool) -> Result<Tolerance> {
    let config = &ctx.config()?.diff;
    let usual = Tolerance::default();
    let ratio = if is_gate { sides::BASELINE_RATIO } else { usual.ratio };
    Ok(Tolerance {
        ratio: args.tolerance.or(config.tolerance).unwrap_or(ratio),
        least_cost: config.least_cost.unwrap_or(usual.least_cost),
        least_rows: config.least_rows.unwrap_or(usual.least_rows),
        least_ms: config.least_ms.unwrap_or(usual.least_ms),
        confidence: args.confidence.or(config.confidence).unwrap_or(usual.confidence),
    })
}

fn of_plans(diff: diff::PlanDiff, plans: [Plan; 2], sources: [String; 2]) -> DiffReport {
    DiffReport::new(sources, DiffContent::Plans { diff, plans: Box::new(plans) })
}

/// A plan against the plan of its statement in a snapshot, a baseline or a database.
fn plan_and_other(
    args: &DiffArgs,
    ctx: &Ctx,
    (plan, name): (&Plan, String),
    other: Side,
    is_after: bool,
    tolerance: Tolerance,
) -> Result<DiffReport> {
    let other_name = other.name();
    let snapshot = snapshot_of(ctx, other, &args.live, None)?;
    let statement = sides::statement_for(&snapshot, plan, args.statement.as_deref(), &other_name)?;
    let Some(record) = statement.plans.first() else {
        return Err(CommandError::input(format!("{other_name} has no plan of the statement"))
            .hint("`planscope collect` says why when it makes a snapshot"));
    };
    let one = PlanSide::of(plan);
    let two = PlanSide::within(&record.plan, &snapshot);
    let (sides, plans, names) = if is_after {
        ([two, one], [record.plan.clone(), plan.clone()], [other_name, name])
    } else {
        ([one, two], [plan.clone(), record.plan.clone()], [name, other_name])
    };
    Ok(of_plans(diff::compare(sides, tolerance), plans, names))
}

/// A side that is no plan, as a snapshot. A database is asked for what `reference` has.
fn snapshot_of(
    ctx: &Ctx,
    side: Side,
    args: &LiveArgs,
    reference: Option<&Reference<'_>>,
) -> Result<Snapshot> {
    match side {
        Side::Snapshot(snapshot, _) => Ok(*snapshot),
        Side::Baseline(files, name) => match_up::baseline_snapshot(&files, &name),
        Side::Target(target) => sides::ask(ctx, &target, args, reference),
        Side::Plan(_, name) => Err(CommandError::usage(format!("{name} is a plan"))
            .hint("name a snapshot, a database or a baseline")),
    }
}

fn of_snapshots(
    args: &DiffArgs,
    ctx: &Ctx,
    [before, after]: [Side; 2],
    gate: &Gate,
    tolerance: Tolerance,
) -> Result<DiffReport> {
    let sources = [before.name(), after.name()];
    let is_gate = before.is_baseline() || after.is_baseline();
    let targets = [&before, &after].map(|side| match side {
        Side::Target(target) => Some((**target).clone()),
        _ => None,
    });
    let baseline = match &before {
        Side::Baseline(files, _) => Some(files.clone()),
        _ => None,
    };
    // A side that is there already tells what to ask the other one for.
    let (mut before, mut after) = match (before, after) {
        (Side::Target(target), after) if !matches!(after, Side::Target(_)) => {
            let after = snapshot_of(ctx, after, &args.live, None)?;
            let reference = Reference { snapshot: &after, baseline: None };
            (sides::ask(ctx, &target, &args.live, Some(&reference))?, after)
        }
        (before, after) => {
            let before = snapshot_of(ctx, before, &args.live, None)?;
            let reference = Reference { snapshot: &before, baseline: baseline.as_deref() };
            let after = snapshot_of(ctx, after, &args.live, Some(&reference))?;
            (before, after)
        }
    };
    if let Some(id) = &args.statement {
        match_up::keep_only(&mut before, &mut after, id, &sources)?;
    }
    let matched = match_up::by_name(&mut before, &mut after, is_gate);
    let mut diff = diff::snapshots(&before, &after, tolerance);
    let runs = match (args.runs, &targets) {
        (Some(rounds), [Some(a), Some(b)]) => {
            runs::take(ctx, [a, b], &args.live, &[&before, &after], rounds)?
        }
        _ => Runs::default(),
    };
    refine(&mut diff, [&before, &after], gate, tolerance, &runs);
    let mut report = DiffReport::new(
        sources,
        DiffContent::Snapshots { diff, snapshots: Box::new([before, after]), top: args.top },
    );
    report.rewritten = matched.rewritten;
    report.advise();
    Ok(report)
}

/// Whether `--runs` is possible, before anything is collected.
fn check_runs(args: &LiveArgs, ctx: &Ctx, sides: [&Side; 2]) -> Result<()> {
    if !args.analyze {
        return Err(CommandError::usage("--runs runs the statements, which has to be allowed")
            .hint("add --analyze: parsed SELECTs without side effects are run, and nothing else"));
    }
    let message = if !sides.iter().all(|side| matches!(side, Side::Target(_))) {
        "--runs needs a database on both sides: only runs made in turns can be compared"
    } else if args.paths(ctx)?.is_empty() {
        "--runs needs the statements with their literals"
    } else {
        return Ok(());
    };
    Err(CommandError::usage(message)
        .hint("planscope diff TARGET TARGET --queries DIR --analyze --runs 9"))
}

/// Compares anew the statements that have a tolerance of their own, or repeated runs.
fn refine(
    diff: &mut SnapshotDiff,
    snapshots: [&Snapshot; 2],
    gate: &Gate,
    tolerance: Tolerance,
    runs: &Runs,
) {
    let mut changed = false;
    for statement in &mut diff.statements {
        let [before, after] =
            [0, 1].map(|side| &snapshots[side].statements[statement.places[side]]);
        let own = gate.tolerance(
            after.name.as_deref().or(before.name.as_deref()),
            Some(statement.fingerprint),
        );
        let times = runs.of(statement.places);
        let Some(_) = statement.plan.as_ref().filter(|_| own.is_some() || times.is_some()) else {
            continue;
        };
        let [a, b] = [0, 1].map(|side| {
            let of = &snapshots[side].statements[statement.places[side]];
            let record = of.plans.get(statement.compared[side])?;
            Some(PlanSide {
                counters: Some(&of.counters),
                statement: Some(&of.text),
                runs_ms: times.map_or(&[], |times| times[side].as_slice()),
                ..PlanSide::within(&record.plan, snapshots[side])
            })
        });
        let (Some(a), Some(b)) = (a, b) else { continue };
        let tolerance = Tolerance { ratio: own.unwrap_or(tolerance.ratio), ..tolerance };
        let plan = diff::compare([a, b], tolerance);
        (statement.verdict, statement.reason) = (plan.verdict, plan.reason.clone());
        statement.plan = Some(plan);
        changed = true;
    }
    if changed {
        diff.settle();
    }
}

fn status(report: &DiffReport, is_gate: bool) -> ExitStatus {
    let compared = compare::all(report);
    if compared.iter().any(|statement| statement.ruling.fails()) {
        return ExitStatus::Failure;
    }
    // A query of the baseline that has no plan any more must not pass for one that is fine.
    let lost = is_gate && compared.iter().any(|s| s.verdict == Verdict::NotComparable);
    match report.verdict() {
        _ if lost => ExitStatus::NotComparable,
        Verdict::NotComparable => ExitStatus::NotComparable,
        _ => ExitStatus::Success,
    }
}

impl DiffReport {
    /// Lets the gate judge every statement.
    pub fn judge(&mut self, gate: Gate) {
        let of = |statement: &compare::Compared<'_>| {
            gate.judge(&Subject {
                name: statement.name,
                fingerprint: statement.fingerprint,
                verdict: statement.verdict,
                plan: statement.plan,
            })
        };
        let rulings: Vec<Ruling> = compare::all(self).iter().map(of).collect();
        self.leftover = gate.leftover(rulings.iter());
        (self.rulings, self.gate) = (rulings, gate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_or_refused() {
        assert_eq!(
            (ratio("1.5"), percent("95"), percent("99.5 %")),
            (Ok(1.5), Ok(0.95), Ok(0.995))
        );
        for wrong in ["", "x", "0.5", "NaN", "inf"] {
            assert!(ratio(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "0", "100", "-5", "NaN"] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
    }
}
