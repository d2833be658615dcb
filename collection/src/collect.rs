//! The one collection core: asks a session in a fixed order and puts the snapshot together.

use crate::clock;
use crate::driver::{Execution, Session, Workload};
use crate::drivers;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Audit, Budget, Gate, LoadLimits, Policy, Rehearsal, Sent, Spending, Stop};
use crate::queries::QueryText;
use crate::select::Selection;
use crate::target::Target;
use planscope_explain::plan::{Node, Plan};
use planscope_explain::workload::delta;
use planscope_explain::workload::{Coverage, PlanRecord, Problem, Snapshot, fingerprint};
use planscope_explain::{Engine, formats};
use serde_json::Value;
use std::time::Duration;

mod catalog;
mod plans;

/// Where the statements come from.
#[derive(Debug, Clone, Default)]
pub enum Statements {
    /// The server's own statistics.
    #[default]
    Statistics,
    /// What runs on the server at this moment.
    Running,
    /// Files.
    Queries(Vec<QueryText>),
}

/// What to collect.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Where the statements come from.
    pub statements: Statements,
    /// Which statements.
    pub selection: Selection,
    /// Take two readings of the counters, this far apart, and look at what ran in between.
    pub interval: Option<Duration>,
    /// Whether to run statements for their plans.
    pub execution: Execution,
    /// Whether literals stay in texts and plans.
    pub keep_literals: bool,
    /// What it may cost.
    pub budget: Budget,
    /// From when on the server is left alone.
    pub limits: LoadLimits,
}

/// A step of a collection, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading or measuring statements: done, of.
    Statements(usize, usize),
    /// Getting plans: done, of.
    Plans(usize, usize),
    /// Waiting between two readings.
    Interval(Duration),
    /// Reading the catalog.
    Catalog,
}

/// Collects a snapshot. When the user stops it half way, what was collected is returned, with a
/// problem of kind `stopped`; so it is when the server became busy (`load`).
///
/// # Errors
/// When nothing could be collected at all; [`ErrorKind::Refused`] when the server is too busy to begin.
pub async fn collect(
    session: &mut dyn Session,
    request: &Request,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Snapshot> {
    let mut spending = Spending::new(request.budget);
    let mut gate = Gate::new(request.limits);
    gate.pass(session).await?;
    let workload = read_workload(session, request, progress).await?;
    spending.spend(0, workload.statements.iter().map(|s| s.text.len() as u64).sum());
    let mut snapshot = Snapshot {
        target: session.identity().clone(),
        taken_at: clock::now(),
        coverage: coverage(&workload),
        window: workload.window,
        statements: workload.statements,
        catalog: Default::default(),
        settings: Default::default(),
        problems: workload.problems,
        log: None,
    };
    let guards = (&mut gate, &mut spending);
    if let Err(error) = complete(session, request, &mut snapshot, guards, progress).await {
        snapshot.problems.push(problem_of(&error));
    }
    if !request.keep_literals {
        redact(&mut snapshot);
    }
    Ok(snapshot)
}

/// What a collection would send to the target, in order, without sending any of it: the session takes
/// its usual way and is answered in the server's stead. One statement, from a table named
/// `each_chosen_statement`, stands for those that the server would name; statements from files stand
/// for themselves. `version` is the server's, on which some texts depend; else the newest.
///
/// # Errors
/// When the target or its settings are wrong.
pub async fn dry_run(
    target: &Target,
    policy: &Policy,
    request: &Request,
    version: Option<&str>,
) -> Result<Vec<Sent>> {
    let audit = Audit::in_memory();
    let rehearsal = Some(Rehearsal { version: version.map(str::to_owned) });
    let policy = Policy { audit: audit.clone(), rehearsal, ..policy.clone() };
    let mut session = drivers::connect(target, &policy, Stop::new()).await?;
    let interval = request.interval.map(|_| Duration::ZERO);
    let request = Request { interval, ..request.clone() };
    // What an answer that is made up makes impossible is no failure of the dry run.
    let _ = collect(&mut *session, &request, &mut |_| ()).await;
    drop(session);
    Ok(audit.list())
}

async fn read_workload(
    session: &mut dyn Session,
    request: &Request,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Workload> {
    progress(Step::Statements(0, request.selection.top));
    let mut workload = match (&request.statements, request.interval) {
        (Statements::Statistics, None) => session.workload(&request.selection).await?,
        (Statements::Statistics, Some(interval)) => {
            read_interval(session, request, interval, progress).await?
        }
        (Statements::Running, _) => session.running().await?,
        (Statements::Queries(queries), _) => {
            let mut report = |done| progress(Step::Statements(done, queries.len()));
            session.measure(queries, request.execution, &mut report).await?
        }
    };
    if !matches!(request.statements, Statements::Statistics) {
        workload.statements = request.selection.choose(workload.statements);
    }
    if workload.statements.is_empty() && !request.selection.filter.applications.is_empty() {
        workload.problems.push(unknown_application());
    }
    Ok(workload)
}

fn unknown_application() -> Problem {
    let message = "no statement of that application was found; the statistics of a server do not say which \
                   application ran a statement: --running and logs do";
    Problem { kind: "application".into(), message: message.into(), statement: None }
}

/// What ran between two readings. Stopped in the wait, what ran until then counts.
async fn read_interval(
    session: &mut dyn Session,
    request: &Request,
    interval: Duration,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Workload> {
    let everything = Selection { top: usize::MAX, ..request.selection.clone() };
    let before = session.workload(&everything).await?;
    progress(Step::Interval(interval));
    session.stop().clone().pause(interval).await?;
    let mut workload = session.workload(&everything).await?;
    let ran = delta::between(&before.statements, std::mem::take(&mut workload.statements));
    workload.of = ran.statements.len() as u64;
    workload.total_ms = ran.statements.iter().map(|s| s.counters.total_ms).sum();
    workload.window.from = before.window.to;
    workload.problems.extend(unsure(&ran));
    workload.statements = request.selection.choose(ran.statements);
    Ok(workload)
}

/// What makes the figures of an interval less than whole.
fn unsure(ran: &delta::Interval) -> Vec<Problem> {
    let problem =
        |kind: &str, message: String| Problem { kind: kind.to_owned(), message, statement: None };
    let mut problems = Vec::new();
    if ran.reset > 0 {
        let what = "of them only what ran since the reset is counted";
        problems.push(problem(
            "reset",
            format!(
                "the counters of {} statements were set back in the interval; {what}",
                ran.reset
            ),
        ));
    }
    if ran.gone > 0 {
        problems.push(problem(
            "evictions",
            format!("{} statements were forgotten by the server in the interval", ran.gone),
        ));
    }
    problems
}

async fn complete(
    session: &mut dyn Session,
    request: &Request,
    snapshot: &mut Snapshot,
    (gate, spending): (&mut Gate, &mut Spending),
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<()> {
    snapshot.settings = or_problem(session.settings().await, snapshot)?;
    progress(Step::Catalog);
    gate.pass(session).await?;
    let others = spending.time_spent().is_none();
    let mut left_out = catalog::look(session, snapshot, others).await?;
    let planned = plans::plan_all(session, request, snapshot, gate, spending, progress).await;
    let asked = match planned {
        Ok(()) => catalog::look_again(session, snapshot, &mut left_out, gate).await,
        failed => failed,
    };
    snapshot.problems.extend(left_out.problem(&snapshot.target));
    asked
}

/// What came; a catalog that takes too long, or may not be read, is no reason to go without plans.
fn or_problem<T: Default>(asked: Result<T>, snapshot: &mut Snapshot) -> Result<T> {
    match asked {
        Err(error) if matches!(error.kind, ErrorKind::Stopped | ErrorKind::Connection) => {
            Err(error)
        }
        Err(error) => {
            snapshot.problems.push(problem_of(&error));
            Ok(T::default())
        }
        found => found,
    }
}

/// A failure after the statements were read is a problem of the snapshot, not its end.
fn problem_of(error: &CollectError) -> Problem {
    let kind = match error.kind {
        ErrorKind::Stopped => "stopped",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Permission => "permission",
        ErrorKind::Connection => "connection-lost",
        ErrorKind::Refused => "load",
        _ => "failed",
    };
    Problem { kind: kind.into(), message: error.to_string(), statement: None }
}

fn coverage(workload: &Workload) -> Coverage {
    let known: f64 = workload.statements.iter().filter_map(|s| s.counters.total_ms).sum();
    let share = workload.total_ms.filter(|&all| all > 0.0).map(|all| (known / all).min(1.0));
    Coverage { statements: workload.statements.len() as u64, of: workload.of, time_share: share }
}

/// Replaces the literals in every text that goes into the snapshot.
pub(crate) fn redact(snapshot: &mut Snapshot) {
    let engine = snapshot.target.engine;
    for column in snapshot.catalog.tables.iter_mut().flat_map(|table| &mut table.columns) {
        (column.common_values, column.histogram) = (None, None);
    }
    for statement in &mut snapshot.statements {
        statement.text = fingerprint::redact(&statement.text, engine);
        for record in &mut statement.plans {
            let format = record.plan.format;
            record.raw =
                record.raw.take().and_then(|raw| fingerprint::redact_raw(&raw, format, engine));
            record.plan = redact_plan(record.plan.clone(), engine);
            if engine == Engine::Mongodb {
                read_again(record);
            }
        }
    }
    for failed in snapshot.log.iter_mut().flat_map(|log| &mut log.failed) {
        failed.text = fingerprint::redact(&failed.text, engine);
    }
}

/// A plan of MongoDB as its text without values says it: a value is a number as often as a string, and
/// only the whole text shows which number is one.
fn read_again(record: &mut PlanRecord) {
    let format = formats::by_name(record.plan.format);
    let read = record.raw.as_deref().and_then(|raw| formats::read(raw, format).ok());
    let Some(mut plan) = read.and_then(|readings| readings.into_iter().next()).map(|r| r.plan)
    else {
        record.raw = None;
        return;
    };
    plan.statement = record.plan.statement.take();
    let ours = std::mem::take(&mut record.plan.details).into_iter();
    plan.details.extend(ours.filter(|(key, _)| key.starts_with("planscope.")));
    record.plan = plan;
}

fn redact_plan(mut plan: Plan, engine: Engine) -> Plan {
    plan.statement = plan.statement.map(|text| fingerprint::redact(&text, engine));
    redact_values(plan.details.values_mut(), engine);
    plan.map_nodes(|node: &mut Node| {
        for condition in &mut node.conditions {
            condition.text = fingerprint::redact(&condition.text, engine);
        }
        redact_values(node.details.values_mut(), engine);
    })
}

/// Redacts every string in `values`, however deep: what only one engine says may be SQL as well
/// (`Function Call`, `Remote SQL`). Names and words have no literals and stay as they are.
fn redact_values<'v>(values: impl Iterator<Item = &'v mut Value>, engine: Engine) {
    let mut waiting: Vec<&mut Value> = values.collect();
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => *text = fingerprint::redact(text, engine),
            Value::Array(items) => waiting.extend(items.iter_mut()),
            Value::Object(entries) => waiting.extend(entries.values_mut()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::workload::{
        Catalog, Column, PlanRecord, Statement, Table, TargetIdentity, Window,
    };

    #[test]
    fn no_literal_reaches_a_snapshot() {
        let raw = r#"[{"Plan": {"Node Type": "Function Scan", "Function Name": "f",
            "Function Call": "f('s3cret', 4711)", "Filter": "(name = 's3cret'::text)",
            "Unknown Clause": "(x = 4711)", "Plan Rows": 5},
            "Query Text": "SELECT * FROM f('s3cret', 4711)"}]"#;
        let plan = formats::read(raw, None).unwrap().swap_remove(0).plan;
        let statement = Statement {
            text: "SELECT * FROM f('s3cret', 4711)".into(),
            plans: vec![PlanRecord { plan, raw: Some(raw.into()) }],
            ..Statement::default()
        };
        let mut snapshot = Snapshot {
            target: TargetIdentity {
                name: "t".into(),
                engine: Engine::Postgres,
                version: "15".into(),
                database: None,
            },
            taken_at: String::new(),
            window: Window::default(),
            coverage: Coverage::default(),
            statements: vec![statement],
            catalog: Catalog {
                tables: vec![Table {
                    columns: vec![Column {
                        common_values: Some("{s3cret}".into()),
                        histogram: Some("{1,4711}".into()),
                        ..Column::default()
                    }],
                    ..Table::default()
                }],
                indexes: Vec::new(),
            },
            settings: Default::default(),
            problems: Vec::new(),
            log: None,
        };
        redact(&mut snapshot);
        let all = format!("{snapshot:?}");
        assert!(!all.contains("s3cret") && !all.contains("4711"), "{all}");
        assert!(snapshot.statements[0].plans[0].raw.is_some());
    }
}
