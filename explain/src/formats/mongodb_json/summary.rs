//! What an explain says of the statement: its text, ids, times, and the plans not chosen.

use super::super::Reading;
use super::super::shell_json::Item;
use super::build::Builder;
use super::reading::{note, reading};
use super::rejected;
use crate::plan::{LimitError, Plan};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The plan of an explain's answer.
pub(super) fn explain(document: Item<'_>) -> Result<Option<Reading>, LimitError> {
    let builder = Builder::explain(document)?;
    let (planners, statistics) = (builder.planners.clone(), builder.statistics.clone());
    let elapsed = execution_ms(document, &statistics);
    let Some(mut reading) = reading(builder, elapsed)? else { return Ok(None) };
    let plan = &mut reading.plan;
    plan.execution_ms = elapsed.or_else(|| plan.root().total_ms());
    plan.statement = document.object("command").map(Item::json);
    keep(
        &mut plan.details,
        document,
        &["command", "ok", "queryPlanner", "executionStats", "stages", "shards"],
    );
    for (i, (part, planner)) in planners.iter().enumerate() {
        rejected::of_planner(&mut plan.details, *planner, part.as_deref());
        if i == 0 {
            planner_facts(plan, *planner, document);
        }
    }
    let mut failures = Vec::new();
    for (i, (part, told)) in statistics.iter().enumerate() {
        rejected::of_statistics(&mut plan.details, *told, part.as_deref());
        failures.extend(failure(*told));
        if i == 0 && !told.is_same(document) {
            keep(
                &mut plan.details,
                *told,
                &["executionStages", "allPlansExecution", "executionTimeMillis"],
            );
        }
    }
    identify(plan, document);
    plan.partial = !failures.is_empty();
    reading.notes.extend(failures.into_iter().take(1).map(note));
    Ok(Some(reading))
}

/// Milliseconds of the statement. An aggregation tells them at its cursor; shards run side by side.
fn execution_ms(document: Item<'_>, statistics: &[(Option<String>, Item<'_>)]) -> Option<f64> {
    let mut told = statistics.iter().filter_map(|(_, told)| told.number_of("executionTimeMillis"));
    match document.object("shards") {
        Some(_) => told.reduce(f64::max),
        None => told.next(),
    }
}

/// Why an execution was cut short, if it was.
fn failure(statistics: Item<'_>) -> Option<String> {
    let failed = statistics.truth_of("executionSuccess") == Some(false)
        || statistics.truth_of("failed") == Some(true);
    let text = |key: &str| statistics.text_of(key).unwrap_or_default();
    let code = statistics.number_of("errorCode").map(|code| format!(" (error {code})"));
    let reason = match text("errorMessage") {
        message if message.is_empty() => Cow::Borrowed("no reason is given"),
        message => message,
    };
    failed.then(|| format!("execution was cut short: {reason}{}", code.unwrap_or_default()))
}

/// Keeps the members that are not among `but`, as details of the plan.
pub(super) fn keep(details: &mut Map<String, Value>, item: Item<'_>, but: &[&str]) {
    for (key, value) in item.members() {
        if !but.contains(&&*key) && !details.contains_key(&*key) {
            details.insert(key.into_owned(), value.value(&mut false));
        }
    }
}

fn planner_facts(plan: &mut Plan, planner: Item<'_>, document: Item<'_>) {
    const READ: [&str; 7] = [
        "winningPlan",
        "rejectedPlans",
        "optimizationTimeMillis",
        "command",
        "ok",
        "executionStats",
        "executionStages",
    ];
    if !planner.is_same(document) {
        keep(&mut plan.details, planner, &READ);
    }
    for key in READ {
        if planner.is_same(document) {
            plan.details.remove(key);
        }
    }
    plan.planning_ms = planner
        .number_of("optimizationTimeMillis")
        .or_else(|| document.number_of("optimizationTimeMillis"));
    if let Some(slots) = planner.object("winningPlan").and_then(|plan| plan.object("slotBasedPlan"))
    {
        keep(&mut plan.details, slots, &["slots"]);
        if let Some(stages) = plan.details.remove("stages") {
            plan.details.insert("slotBasedPlan".to_owned(), stages);
        }
    }
    if plan.engine_id.is_none() {
        identify(plan, planner);
    }
}

/// The server's id of the query's shape. `queryHash` was renamed in 8.0.
pub(super) fn identify(plan: &mut Plan, item: Item<'_>) {
    const IDS: [&str; 3] = ["queryHash", "planCacheShapeHash", "queryShapeHash"];
    if plan.engine_id.is_none() {
        plan.engine_id = IDS.iter().find_map(|key| item.text_of(key)).map(Cow::into_owned);
    }
}

/// The plan of a stage that stands alone.
pub(super) fn bare(stage: Item<'_>) -> Result<Option<Reading>, LimitError> {
    reading(Builder::tree(stage, "".into())?, None)
}

/// The plan of an entry of the plan cache.
pub(super) fn cached(entry: Item<'_>) -> Result<Option<Reading>, LimitError> {
    let Some(cached) = entry.object("cachedPlan") else { return Ok(None) };
    let tree = cached.object("queryPlan").unwrap_or(cached);
    let namespace = entry.text_of("ns").unwrap_or_default();
    let Some(mut reading) = reading(Builder::tree(tree, namespace)?, None)? else {
        return Ok(None);
    };
    let plan = &mut reading.plan;
    plan.statement = entry.object("createdFromQuery").map(Item::json);
    identify(plan, entry);
    keep(&mut plan.details, entry, &["cachedPlan", "createdFromQuery", "creationExecStats"]);
    Ok(Some(reading))
}
