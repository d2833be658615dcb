//! `planscope diff`: what changed, is it worse, and by how much.

use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{DiffContent, DiffReport, Report};
use clap::{Args, ValueEnum};
use planscope_explain::diff::{self, Tolerance, Verdict};
use planscope_explain::plan::Plan;

/// Compare two plans or snapshots; exit 1 when it got worse
///
/// Exit codes: 0 the same or better, 1 at or over --fail-on, 2 the question could not be answered, 3 the
/// two cannot be compared.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Snapshot (file, `latest`, `@2`, name of a target) or plan file
    pub before: String,
    /// The same, afterwards
    pub after: String,
    /// From which verdict on to exit 1
    #[arg(long, value_name = "VERDICT", default_value = "worse")]
    pub fail_on: FailOn,
    /// How many times the work or cost may grow before it counts
    #[arg(long, value_name = "RATIO", default_value_t = 1.1, value_parser = ratio)]
    pub tolerance: f64,
    /// Most statements to print
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| "not a number, e.g. 1.2".to_owned())?;
    if ratio.is_finite() && ratio >= 1.0 { Ok(ratio) } else { Err("must be 1 or more".to_owned()) }
}

/// From which verdict on a run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something got worse
    Worse,
    /// A plan changed, for worse or not
    Changed,
    /// Never
    Never,
}

/// Runs the command.
pub fn run(args: &DiffArgs, ctx: &Ctx) -> Result<ExitStatus> {
    if args.before == "-" && args.after == "-" {
        return Err(CommandError::usage("only one side can be read from stdin")
            .hint("name a file for the other"));
    }
    let tolerance = Tolerance { ratio: args.tolerance, ..Tolerance::default() };
    let before = input::resolve(ctx, &args.before)?;
    let after = input::resolve(ctx, &args.after)?;
    let report = match (before, after) {
        (Input::Snapshot(before, a), Input::Snapshot(after, b)) => DiffReport {
            sources: [a, b],
            content: DiffContent::Snapshots {
                diff: diff::snapshots(&before, &after, tolerance),
                snapshots: Box::new([*before, *after]),
                top: args.top,
            },
        },
        (Input::Text(before, a), Input::Text(after, b)) => {
            let plans = [one_plan(&before, &a)?, one_plan(&after, &b)?];
            let diff = diff::plans(&plans[0], &plans[1], [None, None], tolerance);
            let content = DiffContent::Plans { diff, plans: Box::new(plans) };
            DiffReport { sources: [a, b], content }
        }
        (Input::Target(target), _) | (_, Input::Target(target)) => {
            return Err(CommandError::usage(format!("{target} is a database, not a snapshot"))
                .hint("collect from it first: planscope collect TARGET, then diff @2 @1"));
        }
        _ => {
            return Err(CommandError::usage("a snapshot cannot be compared with a plan")
                .hint("name two snapshots or two plan files"));
        }
    };
    let (verdict, changed) = match &report.content {
        DiffContent::Snapshots { diff, .. } => {
            let changed = diff.statements.iter().any(|s| s.verdict == Verdict::Changed);
            (diff.verdict, changed)
        }
        DiffContent::Plans { diff, .. } => (diff.verdict, diff.verdict == Verdict::Changed),
    };
    super::show(ctx, &Report::Diff(report))?;
    Ok(status(verdict, changed, args.fail_on))
}

fn one_plan(text: &str, name: &str) -> Result<Plan> {
    let mut readings = input::plans(text, name, None)?;
    match readings.len() {
        1 => Ok(readings.swap_remove(0).plan),
        n => Err(CommandError::input(format!("{name} holds {n} plans, one is needed"))
            .hint("save the plan to compare in a file of its own")),
    }
}

fn status(verdict: Verdict, changed: bool, fail_on: FailOn) -> ExitStatus {
    match (verdict, fail_on) {
        (Verdict::NotComparable, _) => ExitStatus::NotComparable,
        (Verdict::Worse, FailOn::Worse | FailOn::Changed) => ExitStatus::Failure,
        (_, FailOn::Changed) if changed => ExitStatus::Failure,
        _ => ExitStatus::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_become_exit_codes() {
        let of = |verdict, fail_on| status(verdict, verdict == Verdict::Changed, fail_on);
        assert_eq!(of(Verdict::Same, FailOn::Changed), ExitStatus::Success);
        assert_eq!(of(Verdict::Better, FailOn::Changed), ExitStatus::Success);
        assert_eq!(of(Verdict::Changed, FailOn::Worse), ExitStatus::Success);
        assert_eq!(of(Verdict::Changed, FailOn::Changed), ExitStatus::Failure);
        assert_eq!(status(Verdict::Better, true, FailOn::Changed), ExitStatus::Failure);
        assert_eq!(of(Verdict::Worse, FailOn::Worse), ExitStatus::Failure);
        assert_eq!(of(Verdict::Worse, FailOn::Never), ExitStatus::Success);
        assert_eq!(of(Verdict::NotComparable, FailOn::Never), ExitStatus::NotComparable);
    }
}
