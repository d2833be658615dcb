//! Documents of the profiler and slow-query lines of the log: a statement that ran, with its totals
//! and, for some, its stages.

use super::super::Reading;
use super::super::shell_json::Item;
use super::build::{Builder, whole_run};
use super::draft::Draft;
use super::operators::operator;
use super::reading::{note, reading};
use super::summary::{identify, keep};
use crate::plan::{LimitError, Operator, Role};
use std::borrow::Cow;

/// The plan of a document of system.profile or currentOp.
pub(super) fn profile(document: Item<'_>) -> Result<Option<Reading>, LimitError> {
    record(document)
}

/// The plan of a line of the log, whose figures are under `attr`.
pub(super) fn log(line: Item<'_>) -> Result<Option<Reading>, LimitError> {
    let Some(attr) = line.object("attr") else { return Ok(None) };
    let Some(mut reading) = record(attr)? else { return Ok(None) };
    keep(&mut reading.plan.details, line, &["attr", "s", "c", "id", "svc", "msg"]);
    Ok(Some(reading))
}

fn record(told: Item<'_>) -> Result<Option<Reading>, LimitError> {
    let (elapsed, is_running) = elapsed_ms(told);
    let namespace = told.text_of("ns").unwrap_or_default();
    let stages = told.object("execStats").filter(|stages| stages.get("stage").is_some());
    let builder = match stages {
        Some(stages) => Builder::tree(stages, namespace)?,
        None => summed_up(told, namespace, elapsed),
    };
    let Some(mut reading) = reading(builder, elapsed)? else { return Ok(None) };
    let plan = &mut reading.plan;
    plan.execution_ms = elapsed;
    plan.planning_ms = told.number_of("planningTimeMicros").map(|micros| micros / 1000.0);
    // A getMore is another part of the statement that opened the cursor.
    let command = told.object("originatingCommand").or_else(|| told.object("command"));
    plan.statement = command.map(Item::json);
    identify(plan, told);
    keep(
        &mut plan.details,
        told,
        &["command", "originatingCommand", "execStats", "millis", "durationMillis"],
    );
    let failure = failure(told).or_else(|| is_running.then(|| "still running".to_owned()));
    plan.partial = failure.is_some();
    reading.notes.extend(failure.map(|why| note(format!("execution is not complete: {why}"))));
    Ok(Some(reading))
}

/// Milliseconds so far, and whether the operation still runs (currentOp).
fn elapsed_ms(told: Item<'_>) -> (Option<f64>, bool) {
    let done = told.number_of("millis").or_else(|| told.number_of("durationMillis"));
    match done {
        Some(ms) => (Some(ms), false),
        None => {
            let micros = told.number_of("microsecs_running");
            (micros.map(|micros| micros / 1000.0), micros.is_some())
        }
    }
}

fn failure(told: Item<'_>) -> Option<String> {
    let text = |key: &str| told.text_of(key).map(Cow::into_owned);
    let message = || text("errMsg").or_else(|| text("errName")).or_else(|| text("exception"));
    let has_failed = told.get("errCode").is_some() || told.truth_of("ok") == Some(false);
    has_failed.then(|| message().unwrap_or_else(|| "it failed".to_owned()))
}

/// A plan of `planSummary`: the stages that read, and a sort where the record tells of one. What
/// stood between is not known.
fn summed_up<'d>(told: Item<'d>, namespace: Cow<'d, str>, ms: Option<f64>) -> Builder<'d> {
    let mut builder = Builder::default();
    let summary = told.text_of("planSummary").unwrap_or_default();
    let parts = parts(&summary);
    if parts.is_empty() {
        return builder;
    }
    let drafts = &mut builder.drafts;
    drafts.home(namespace);
    let mut run = whole_run(told.number_of("nreturned").unwrap_or(0.0), None);
    run.ms = ms.map(|_| 0.0);
    (run.keys, run.docs) = (told.number_of("keysExamined"), told.number_of("docsExamined"));
    let mut parent = None;
    if told.truth_of("hasSortStage") == Some(true) {
        let mut sort = Draft::new("SORT".into(), Operator::Sort, Role::Outer);
        sort.set_run(Some(whole_run(run.rows, run.ms)));
        parent = Some(drafts.add(None, sort));
    }
    // A write by the express path names what it writes after what it reads.
    let (parts, write) = match parts.split_last() {
        Some((last, rest))
            if !rest.is_empty() && last.starts_with("EXPRESS_") && is_write(last) =>
        {
            (rest, Some(*last))
        }
        _ => (&parts[..], None),
    };
    if let Some(write) = write {
        let mut draft = leaf(write, Role::Outer);
        draft.set_run(Some(whole_run(run.rows, run.ms)));
        parent = Some(drafts.add(parent, draft));
    }
    let is_one = parts.len() == 1;
    if !is_one {
        let mut heading = Draft::new("planSummary".into(), Operator::Heading, Role::Outer);
        heading.set_run(Some(run));
        parent = Some(drafts.add(parent, heading));
    }
    for part in parts {
        let mut draft = leaf(part, if is_one { Role::Outer } else { Role::Member });
        draft.set_run(is_one.then_some(run));
        drafts.add(parent, draft);
    }
    builder
}

fn is_write(part: &str) -> bool {
    operator(part.split(' ').next().unwrap_or_default()) == Some(Operator::Modify)
}

/// `IXSCAN { status: 1 }`: the pattern of its keys and not its name.
fn leaf<'d>(part: &str, role: Role) -> Draft<'d> {
    let name = part.split(' ').next().unwrap_or_default();
    let operator = operator(name).unwrap_or_else(|| Operator::Other(name.to_owned()));
    Draft::new(Cow::Owned(part.to_owned()), operator, role)
}

/// The stages of a summary: split at commas outside of braces and quotes.
fn parts(summary: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut in_quotes, mut start) = (0_usize, false, 0);
    for (at, byte) in summary.bytes().enumerate() {
        match byte {
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(&summary[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&summary[start..]);
    found.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}
