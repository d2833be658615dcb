//! `planscope explain`: a plan as a tree with its heat.

use super::interface::InterfaceArgs;
use super::workload::{self, ConnectionArgs};
use crate::block_on;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{ExplainReport, Report, ShownPlan};
use clap::Args;
use clap::builder::PossibleValuesParser;
use planscope_advisors::Finding;
use planscope_advisors::suppress::suppress;
use planscope_collection::driver::{Execution, all_plans};
use planscope_collection::{Target, clock};
use planscope_explain::formats::{self, Format, Note};
use planscope_explain::heat::Metric;
use planscope_explain::workload::{Catalog, fingerprint};
use planscope_explain::{Snapshot, Statement};
use std::str::FromStr;

const AFTER_HELP: &str = "\
Examples:
  psql -XqAtc 'EXPLAIN (ANALYZE, BUFFERS) SELECT …' | planscope explain
  planscope explain plan.json --metric buffers
  planscope explain plan.txt --format html > plan.html
  planscope explain plan.txt --format canonical > orders.plan   # into git
  planscope explain plan.txt --format text        # print, also on a terminal
  planscope explain latest --statement orders_of_customer";

/// Show plans with their heat: as a tree, a table, a page of HTML
///
/// INPUT is a file with the output of EXPLAIN, `-` for stdin, a snapshot (a file, `latest`, `@2`, the
/// name of a target) or a database together with the SQL to explain. The format of a file is
/// detected, and so are the marks of terminals, logs and scripts around it.
///
/// On a terminal the plans open in a view of their own (`?` shows its keys); where stdout is no terminal
/// or --format is given they are printed.
///
/// Heat is a node's own share of the plan's total, without its inputs: from 10 % on a node is warm,
/// from 40 % hot, from 90 % burning. Misestimates are warm from 10×, hot from 100×, burning from
/// 1000×.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
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
    pub plan: WhichPlan,
    /// Format of the input; detected by default
    #[arg(long, value_name = "FORMAT", value_parser = formats_parser())]
    pub input_format: Option<String>,
    /// What heat is measured in; by default time, else cost, else rows
    #[arg(long, value_name = "METRIC", value_parser = metrics_parser())]
    pub metric: Option<String>,
    /// Run the statement for its actual times: one parsed SELECT without side effects only
    #[arg(long)]
    pub analyze: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub interface: InterfaceArgs,
}

/// Plans, and the catalog where there is one.
struct Answer {
    plans: Vec<ShownPlan>,
    catalog: Catalog,
    /// Whether the rules have had their say.
    are_judged: bool,
}

/// Which of several plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichPlan {
    /// Every plan.
    All,
    /// The plan of that number, from 1.
    Number(usize),
}

impl FromStr for WhichPlan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "all" => Ok(Self::All),
            Ok(number) if number > 0 => Ok(Self::Number(number)),
            _ => Err("neither a number from 1 nor `all`".to_owned()),
        }
    }
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
    let Answer { mut plans, catalog, are_judged } = match input {
        Input::Text(text, name) => {
            let format = args.input_format.as_deref().and_then(formats::by_name);
            let plans = match args.interface.opens(ctx)? {
                // The interface asks the rules itself, while the plans are looked at.
                true => without_findings(&text, &name, format)?,
                false => from_text(&text, &name, format, ctx.config()?)?,
            };
            Answer { plans, catalog: Catalog::default(), are_judged: false }
        }
        Input::Snapshot(snapshot, name) => {
            let plans = from_snapshot(args, ctx, &snapshot, &name)?;
            Answer { plans, catalog: snapshot.catalog, are_judged: true }
        }
        Input::Target(target) => from_target(args, ctx, &target)?,
    };
    pick(&mut plans, args.plan)?;
    let metric = args.metric.as_deref().and_then(Metric::from_name);
    if args.interface.opens(ctx)? {
        return match are_judged {
            true => args.interface.show_plans(ctx, plans, metric, catalog),
            false => args.interface.judge_plans(ctx, plans, metric),
        };
    }
    super::show(ctx, &Report::Explain(ExplainReport { plans, metric }))?;
    Ok(ExitStatus::Success)
}

fn pick(plans: &mut Vec<ShownPlan>, which: WhichPlan) -> Result<()> {
    let WhichPlan::Number(number) = which else { return Ok(()) };
    if number > plans.len() {
        let (is, plan) = if plans.len() == 1 { ("is", "plan") } else { ("are", "plans") };
        let message = format!("--plan {number}: there {is} {} {plan} in it", plans.len());
        let hint = match plans.len() {
            1 => "leave --plan out".to_owned(),
            of => format!("a number from 1 to {of}, or `all`"),
        };
        return Err(CommandError::usage(message).hint(hint));
    }
    *plans = vec![plans.swap_remove(number - 1)];
    Ok(())
}

/// The plans in a text, with what the rules say of them.
pub(super) fn from_text(
    text: &str,
    name: &str,
    format: Option<&'static Format>,
    config: &Config,
) -> Result<Vec<ShownPlan>> {
    let plans = without_findings(text, name, format)?;
    Ok(plans.into_iter().map(|shown| with_findings(shown, config)).collect())
}

/// The plans in a text, before the rules have had their say.
pub(super) fn without_findings(
    text: &str,
    name: &str,
    format: Option<&'static Format>,
) -> Result<Vec<ShownPlan>> {
    let readings = input::plans(text, name, format)?;
    let several = readings.len() > 1;
    let shown = readings.into_iter().enumerate().map(|(i, reading)| ShownPlan {
        source: if several { format!("{name}, plan {}", i + 1) } else { name.to_owned() },
        statement: reading.plan.statement.clone(),
        findings: Vec::new(),
        fingerprint: None,
        plan: reading.plan,
        notes: reading.notes,
    });
    Ok(shown.collect())
}

/// What the rules say of a plan alone. It goes through a snapshot and comes back: a copy of a plan
/// of a million nodes would be a second gigabyte.
pub(super) fn with_findings(shown: ShownPlan, config: &Config) -> ShownPlan {
    let ShownPlan { plan, source, statement, fingerprint, notes, .. } = shown;
    let engine = plan.engine;
    let mut snapshot = input::snapshot_of(engine, &source, vec![input::statement_of(plan)]);
    let findings = analyzed(&snapshot, config);
    let plan = snapshot.statements.swap_remove(0).plans.swap_remove(0).plan;
    ShownPlan { plan, source, statement, fingerprint, notes, findings }
}

fn analyzed(snapshot: &Snapshot, config: &Config) -> Vec<Finding> {
    let mut findings = planscope_advisors::analyze(snapshot, &config.thresholds);
    findings.retain(|finding| finding.statement.is_some());
    suppress(&mut findings, &config.suppressions, &clock::today());
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
    Ok(of_statement(snapshot, statement, name, ctx.config()?))
}

/// The plans of a statement of a snapshot, with what the rules say of the newest.
pub(super) fn of_statement(
    snapshot: &Snapshot,
    statement: &Statement,
    name: &str,
    config: &Config,
) -> Vec<ShownPlan> {
    let alone = Snapshot { statements: vec![statement.clone()], ..snapshot.clone() };
    let findings = analyzed(&alone, config);
    let shown = statement.plans.iter().enumerate().map(|(i, record)| ShownPlan {
        plan: record.plan.clone(),
        source: name.to_owned(),
        statement: Some(statement.text.clone()),
        fingerprint: Some(statement.fingerprint),
        notes: Vec::new(),
        // The rules look at the newest plan.
        findings: if i == 0 { findings.clone() } else { Vec::new() },
    });
    shown.collect()
}

/// The snapshot called `name` has no statement `id`.
pub(super) fn no_statement(snapshot: &Snapshot, name: &str, id: &str) -> CommandError {
    let error = CommandError::input(format!("{name} holds no statement `{id}`"));
    if snapshot.statements.is_empty() {
        return error.hint("it holds none at all: planscope collect TARGET makes another");
    }
    let some: Vec<String> = snapshot
        .statements
        .iter()
        .take(5)
        .map(|s| s.name.clone().unwrap_or_else(|| s.fingerprint.to_string()))
        .collect();
    let more = if snapshot.statements.len() > some.len() { " …" } else { "" };
    error.hint(format!("it holds {}{more}; `planscope browse` lists them", some.join(", ")))
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

fn from_target(args: &ExplainArgs, ctx: &Ctx, target: &Target) -> Result<Answer> {
    let Some(sql) = &args.sql else {
        return Err(CommandError::usage(format!("which statement of {target}?"))
            .hint(format!("planscope explain {target} \"SELECT …\"")));
    };
    let config = ctx.config()?;
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
        None => {
            let error = CommandError::input(format!("{target} gave no plan"));
            return Err(error.hint(remedy("no-plan")));
        }
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
    let shown = ShownPlan {
        plan: record.plan,
        source: name,
        statement: Some(sql.clone()),
        fingerprint: Some(fingerprint::fingerprint(sql, engine)),
        notes,
        findings: analyzed(&snapshot, config),
    };
    Ok(Answer { plans: vec![shown], catalog: snapshot.catalog, are_judged: true })
}
