//! `planscope analyze`: what is wrong.

use super::explain;
use super::workload::{self, WorkloadArgs};
use crate::block_on;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{AnalyzeReport, Report};
use clap::{Args, ValueEnum};
use planscope_advisors::suppress::{self, Suppressed};
use planscope_advisors::{Finding, Suppression, rules};
use planscope_collection::clock;
use planscope_explain::Snapshot;
use planscope_explain::diff::Severity;

/// Say what is wrong with a plan or a snapshot
///
/// INPUT is a snapshot (a file, `latest`, `@2`, the name of a target), a file with the output of
/// EXPLAIN, `-` for stdin, or a database, which is then collected from without saving a snapshot.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Snapshot, plan file, `-` or database
    #[arg(default_value = "latest")]
    pub input: String,
    /// Only this rule; can be given several times
    #[arg(long, value_name = "RULE")]
    pub rule: Vec<String>,
    /// Only this statement: its name, fingerprint or engine's id
    #[arg(long, value_name = "ID")]
    pub statement: Option<String>,
    /// Exit 1 when there is a finding of at least this severity
    #[arg(long, value_name = "SEVERITY", default_value = "never")]
    pub fail_on: FailOn,
    /// Most findings to print
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub findings: usize,
    #[command(flatten)]
    pub workload: WorkloadArgs,
}

/// From which severity on a run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Never
    Never,
    /// Any finding
    Low,
    /// Medium or high
    Medium,
    /// High only
    High,
}

impl FailOn {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Never => None,
            Self::Low => Some(Severity::Info),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
        }
    }
}

/// Runs the command.
pub fn run(args: &AnalyzeArgs, ctx: &Ctx) -> Result<ExitStatus> {
    for name in &args.rule {
        if rules::by_name(name).is_none() {
            return Err(CommandError::usage(format!("there is no rule `{name}`"))
                .hint("`planscope rules` lists them"));
        }
    }
    let (mut snapshot, source) = snapshot(args, ctx)?;
    if let Some(id) = &args.statement {
        let only = snapshot
            .find(id)
            .cloned()
            .ok_or_else(|| explain::no_statement(&snapshot, &source, id))?;
        snapshot.statements = vec![only];
    }
    let config = ctx.config()?;
    let mut findings = planscope_advisors::analyze(&snapshot, &config.thresholds);
    let today = &clock::today();
    let held = suppress::suppress(&mut findings, &config.suppressions, today);
    say_suppressed(ctx, &config.suppressions, &held, today);
    let wanted = |f: &Finding| args.rule.is_empty() || args.rule.iter().any(|r| r == f.rule);
    findings.retain(wanted);
    let limit = args.fail_on.severity();
    let fails = limit.is_some_and(|limit| findings.iter().any(|f| f.severity >= limit));
    let more = findings.len().saturating_sub(args.findings);
    findings.truncate(args.findings);
    super::show(ctx, &Report::Analyze(AnalyzeReport { source, snapshot, findings, more }))?;
    Ok(if fails { ExitStatus::Failure } else { ExitStatus::Success })
}

/// What is held back is said, and what is no longer needed: a suppression hides problems.
fn say_suppressed(ctx: &Ctx, all: &[Suppression], held: &Suppressed, today: &str) {
    for (finding, by) in &held.findings {
        let reason = all.get(*by).map_or("", |suppression| suppression.reason.as_str());
        ctx.ui.say(&format!("suppressed: {} ({reason})", finding.title));
    }
    for suppression in held.unused.iter().filter_map(|by| all.get(*by)) {
        if !suppression.holds_on(today) {
            let until = suppression.until.as_deref().unwrap_or_default();
            let reason = &suppression.reason;
            ctx.ui.say(&format!("a suppression ended on {until} ({reason}); remove or renew it"));
        }
    }
}

fn snapshot(args: &AnalyzeArgs, ctx: &Ctx) -> Result<(Snapshot, String)> {
    match input::resolve(ctx, &args.input)? {
        Input::Snapshot(snapshot, name) => Ok((*snapshot, name)),
        Input::Text(text, name) => {
            let readings = input::plans(&text, &name, None)?;
            let snapshot = input::snapshot_of_plans(&readings, &name);
            let snapshot = snapshot.ok_or_else(|| {
                CommandError::input(format!("{name} holds no plan"))
                    .hint("save the output of EXPLAIN there")
            })?;
            Ok((snapshot, name))
        }
        Input::Target(target) => {
            let policy = args.workload.connection.policy()?;
            let snapshot = block_on(ctx, async {
                let mut session = workload::connect(ctx, &target, &policy).await?;
                workload::collect(ctx, &mut *session, &args.workload).await
            })?;
            Ok((snapshot, target.name()))
        }
    }
}
