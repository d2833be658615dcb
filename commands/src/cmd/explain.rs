//! `planscope explain`: a plan as a tree with its heat.

use super::workload::{self, ConnectionArgs};
use crate::block_on;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{ExplainReport, Report, ShownPlan};
use clap::Args;
use clap::builder::PossibleValuesParser;
use planscope_advisors::Thresholds;
use planscope_collection::Target;
use planscope_collection::driver::{Execution, all_plans};
use planscope_explain::formats::{self, Format, Note};
use planscope_explain::heat::Metric;
use planscope_explain::workload::fingerprint;
use planscope_explain::{Snapshot, Statement};

/// Show a plan as a tree with its heat
///
/// INPUT is a file with the output of EXPLAIN, `-` for stdin, a snapshot (a file, `latest`, `@2`, the
/// name of a target) or a database together with the SQL to explain.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Plan file, `-`, snapshot or database
    #[arg(default_value = "-", hide_default_value = true)]
    pub input: String,
    /// The statement to explain, when INPUT is a database
    pub sql: Option<String>,
    /// The statement of a snapshot: its name, fingerprint or engine's id; by default the heaviest
    #[arg(long, value_name = "ID")]
    pub statement: Option<String>,
    /// Which plan, when there are several: a number from 1, or `all`
    #[arg(long, value_name = "N|all", default_value = "all")]
    pub plan: String,
    /// Format of the input; detected by default
    #[arg(long, value_name = "FORMAT", value_parser = formats_parser())]
    pub input_format: Option<String>,
    /// What heat is measured in; by default time, else cost
    #[arg(long, value_name = "METRIC", value_parser = metrics_parser())]
    pub metric: Option<String>,
    /// Run the statement for its actual times: one parsed SELECT without side effects only
    #[arg(long)]
    pub analyze: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

fn formats_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(formats::ALL.iter().map(|format| format.name))
}

fn metrics_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(Metric::ALL.map(Metric::name))
}

/// Runs the command.
pub fn run(args: &ExplainArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let input = input::resolve(ctx, &args.input)?;
    if args.sql.is_some() && !matches!(input, Input::Target(_)) {
        return Err(CommandError::usage("a statement can be explained on a database only")
            .hint("planscope explain postgres://user@host/db \"SELECT …\""));
    }
    let mut plans = match input {
        Input::Text(text, name) => from_text(args, &text, &name)?,
        Input::Snapshot(snapshot, name) => from_snapshot(args, ctx, &snapshot, &name)?,
        Input::Target(target) => from_target(args, ctx, &target)?,
    };
    pick(&mut plans, &args.plan)?;
    let metric = Metric::ALL.into_iter().find(|m| Some(m.name()) == args.metric.as_deref());
    super::show(ctx, &Report::Explain(ExplainReport { plans, metric }))?;
    Ok(ExitStatus::Success)
}

fn pick(plans: &mut Vec<ShownPlan>, which: &str) -> Result<()> {
    if which == "all" {
        return Ok(());
    }
    let of = plans.len();
    let number = which.parse::<usize>().ok().filter(|n| (1..=of).contains(n)).ok_or_else(|| {
        CommandError::usage(format!(
            "--plan {which}: there {} in it",
            match of {
                1 => "is 1 plan".to_owned(),
                n => format!("are {n} plans"),
            }
        ))
        .hint("a number from 1, or `all`")
    })?;
    *plans = vec![plans.swap_remove(number - 1)];
    Ok(())
}

fn from_text(args: &ExplainArgs, text: &str, name: &str) -> Result<Vec<ShownPlan>> {
    let format: Option<&'static Format> = args.input_format.as_deref().and_then(formats::by_name);
    let readings = input::plans(text, name, format)?;
    let several = readings.len() > 1;
    let shown = readings.into_iter().enumerate().map(|(i, reading)| {
        let source = if several { format!("{name}, plan {}", i + 1) } else { name.to_owned() };
        let alone = input::snapshot_of_plans(std::slice::from_ref(&reading), &source);
        ShownPlan {
            findings: alone.map(|s| analyzed(&s)).unwrap_or_default(),
            statement: reading.plan.statement.clone(),
            fingerprint: None,
            plan: reading.plan,
            notes: reading.notes,
            source,
        }
    });
    Ok(shown.collect())
}

fn analyzed(snapshot: &Snapshot) -> Vec<planscope_advisors::Finding> {
    let mut findings = planscope_advisors::analyze(snapshot, &Thresholds::default());
    findings.retain(|finding| finding.statement.is_some());
    findings
}

fn from_snapshot(
    args: &ExplainArgs,
    ctx: &Ctx,
    snapshot: &Snapshot,
    name: &str,
) -> Result<Vec<ShownPlan>> {
    let statement = match &args.statement {
        Some(id) => snapshot.find(id).ok_or_else(|| no_statement(snapshot, name, id))?,
        None => {
            let with_plan = snapshot.statements.iter().find(|s| !s.plans.is_empty());
            let heaviest = with_plan.ok_or_else(|| {
                CommandError::input(format!("{name} holds no plan"))
                    .hint("`planscope collect` says why when it makes a snapshot")
            })?;
            ctx.ui.say(&format!(
                "the heaviest statement, {}; --statement ID shows another",
                heaviest.fingerprint
            ));
            heaviest
        }
    };
    if statement.plans.is_empty() {
        let why = statement.problems.first().map_or("", |problem| problem.message.as_str());
        return Err(CommandError::input(format!(
            "{name}: no plan of statement {} was collected: {why}",
            statement.fingerprint
        ))
        .hint("planscope explain TARGET \"SELECT …\" asks for one now"));
    }
    let alone = Snapshot { statements: vec![statement.clone()], ..snapshot.clone() };
    let findings = analyzed(&alone);
    let shown = statement.plans.iter().enumerate().map(|(i, record)| ShownPlan {
        plan: record.plan.clone(),
        source: name.to_owned(),
        statement: Some(statement.text.clone()),
        fingerprint: Some(statement.fingerprint),
        notes: Vec::new(),
        // The rules look at the newest plan.
        findings: if i == 0 { findings.clone() } else { Vec::new() },
    });
    Ok(shown.collect())
}

fn no_statement(snapshot: &Snapshot, name: &str, id: &str) -> CommandError {
    let some: Vec<String> = snapshot
        .statements
        .iter()
        .take(5)
        .map(|s| s.name.clone().unwrap_or_else(|| s.fingerprint.to_string()))
        .collect();
    CommandError::input(format!("{name} holds no statement `{id}`")).hint(format!(
        "it holds {} …; `planscope analyze` lists those with findings",
        some.join(", ")
    ))
}

/// What to do when a statement got no plan.
fn remedy(problem: &str) -> &'static str {
    match problem {
        "timeout" => "--timeout SECONDS gives it longer, --analyze-timeout with --analyze",
        "permission" => "EXPLAIN needs what running the statement needs: SELECT on its tables",
        "not-explainable" => "write one statement as the application sends it, $1 for a parameter",
        _ => "check the statement, and that TARGET is the database it belongs to",
    }
}

fn from_target(args: &ExplainArgs, ctx: &Ctx, target: &Target) -> Result<Vec<ShownPlan>> {
    let Some(sql) = &args.sql else {
        return Err(CommandError::usage(format!("which statement of {target}?"))
            .hint(format!("planscope explain {target} \"SELECT …\"")));
    };
    let engine = target.engine;
    let statement = Statement {
        fingerprint: fingerprint::fingerprint(sql, engine),
        text: sql.clone(),
        ..Statement::default()
    };
    let execution = if args.analyze { Execution::Analyze } else { Execution::PlanOnly };
    let (plans, catalog) = block_on(ctx, async {
        let mut session = workload::connect(ctx, target, &args.connection.policy()?).await?;
        let statements = std::slice::from_ref(&statement);
        let plans = all_plans(&mut *session, statements, execution).await?;
        // Findings are surer with the catalog; a plan without it is still a plan.
        let catalog = session.catalog().await.unwrap_or_default();
        Ok((plans, catalog))
    })?;
    let record = match plans.into_iter().next() {
        Some(Ok(record)) => record,
        Some(Err(problem)) => {
            let error = CommandError::input(format!("{target}: {}", problem.message));
            return Err(error.hint(remedy(&problem.kind)));
        }
        None => return Err(CommandError::input(format!("{target} gave no plan"))),
    };
    let name = target.name();
    let mut notes = Vec::new();
    if args.analyze && !record.plan.is_analyzed() && record.plan.details.is_empty() {
        notes.push(Note {
            place: "--analyze".to_owned(),
            message: format!("{} gave no actual times", engine.label()),
        });
    }
    let mut statement = statement;
    statement.plans.push(record.clone());
    let mut snapshot = input::snapshot_of(engine, &name, vec![statement]);
    snapshot.catalog = catalog;
    Ok(vec![ShownPlan {
        plan: record.plan,
        source: name,
        statement: Some(sql.clone()),
        fingerprint: Some(fingerprint::fingerprint(sql, engine)),
        notes,
        findings: analyzed(&snapshot),
    }])
}
