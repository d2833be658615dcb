//! The one collection core: asks a session in a fixed order and puts the snapshot together.

use crate::clock;
use crate::driver::{Execution, Session, Workload};
use crate::error::{CollectError, ErrorKind, Result};
use crate::queries::QueryText;
use crate::select::Selection;
use planscope_explain::plan::{Node, Plan};
use planscope_explain::workload::delta;
use planscope_explain::workload::{Coverage, PlanRecord, Problem, Snapshot, fingerprint};
use planscope_explain::{Engine, formats};
use serde_json::Value;
use std::time::Duration;

/// What to collect.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Which statements.
    pub selection: Selection,
    /// Take two readings of the counters, this far apart, and look at what ran in between.
    pub interval: Option<Duration>,
    /// Statements from files; empty means the server's own statistics.
    pub queries: Vec<QueryText>,
    /// Whether to run statements for their plans.
    pub execution: Execution,
    /// Whether literals stay in texts and plans.
    pub keep_literals: bool,
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
/// problem of kind `stopped`.
///
/// # Errors
/// When nothing could be collected at all.
pub async fn collect(
    session: &mut dyn Session,
    request: &Request,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Snapshot> {
    let workload = read_workload(session, request, progress).await?;
    let mut snapshot = Snapshot {
        target: session.identity().clone(),
        taken_at: clock::now(),
        coverage: coverage(&workload),
        window: workload.window,
        statements: workload.statements,
        catalog: Default::default(),
        settings: Default::default(),
        problems: workload.problems,
    };
    if let Err(error) = complete(session, request, &mut snapshot, progress).await {
        snapshot.problems.push(problem_of(&error));
    }
    if !request.keep_literals {
        redact(&mut snapshot);
    }
    Ok(snapshot)
}

async fn read_workload(
    session: &mut dyn Session,
    request: &Request,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Workload> {
    if request.queries.is_empty() {
        progress(Step::Statements(0, request.selection.top));
        return match request.interval {
            None => session.workload(&request.selection).await,
            Some(interval) => read_interval(session, request, interval, progress).await,
        };
    }
    let of = request.queries.len();
    progress(Step::Statements(0, of));
    let mut report = |done| progress(Step::Statements(done, of));
    let mut workload = session.measure(&request.queries, request.execution, &mut report).await?;
    workload.statements = request.selection.choose(workload.statements);
    Ok(workload)
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
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<()> {
    snapshot.settings = session.settings().await?;
    progress(Step::Catalog);
    snapshot.catalog = session.catalog().await?;
    let of = snapshot.statements.len();
    progress(Step::Plans(0, of));
    let mut found = Vec::with_capacity(of);
    let mut each = |outcome| {
        found.push(outcome);
        progress(Step::Plans(found.len(), of));
    };
    let all = session.plans(&snapshot.statements, request.execution, &mut each).await;
    for (statement, outcome) in snapshot.statements.iter_mut().zip(found) {
        match outcome {
            Ok(record) => statement.plans.push(record),
            Err(problem) => statement.problems.push(problem),
        }
    }
    all
}

/// A failure after the statements were read is a problem of the snapshot, not its end.
fn problem_of(error: &CollectError) -> Problem {
    let kind = match error.kind {
        ErrorKind::Stopped => "stopped",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Permission => "permission",
        ErrorKind::Connection => "connection-lost",
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
        };
        redact(&mut snapshot);
        let all = format!("{snapshot:?}");
        assert!(!all.contains("s3cret") && !all.contains("4711"), "{all}");
        assert!(snapshot.statements[0].plans[0].raw.is_some());
    }
}
