//! What an explain says of the statement: its text, ids, times, and the plans not chosen.

use super::super::Reading;
use super::super::shell_json::Item;
use super::build::Builder;
use super::reading::{note, reading};
use super::rejected;
use crate::plan::{LimitError, Plan};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Members that are read into the tree or the plan's own fields, and not kept as details.
const READ: [&str; 16] = [
    "command",
    "ok",
    "queryPlanner",
    "executionStats",
    "stages",
    "shards",
    "winningPlan",
    "rejectedPlans",
    "optimizationTimeMillis",
    "executionStages",
    "allPlansExecution",
    "executionTimeMillis",
    "planningTimeMillis",
    "shardName",
    "connectionString",
    "cursor",
];

/// The plan of an explain's answer.
pub(super) fn explain(document: Item<'_>) -> Result<Option<Reading>, LimitError> {
    let builder = Builder::explain(document)?;
    let (planners, statistics) = (builder.planners.clone(), builder.statistics.clone());
    let elapsed = execution_ms(document, &statistics);
    let Some(mut reading) = reading(builder, elapsed)? else { return Ok(None) };
    let plan = &mut reading.plan;
    plan.execution_ms = elapsed.or_else(|| plan.root().total_ms());
    plan.statement = document.object("command").map(Item::json);
    keep(&mut plan.details, document, &READ);
    planner_facts(plan, &planners);
    identify(plan, document);
    let failures = execution_facts(plan, &statistics);
    plan.partial = !failures.is_empty();
    plan.planning_ms = planning_ms(document, &planners, &statistics);
    reading.notes.extend(failures.into_iter().take(1).map(note));
    Ok(Some(reading))
}

type Part<'d> = (Option<String>, Item<'d>);

/// Keeps what the planners say: the first, which is the statement's own; and where that is a mongos,
/// which says little, the first shard's.
fn planner_facts(plan: &mut Plan, planners: &[Part<'_>]) {
    let is_mongos = planners.first().is_some_and(|(_, p)| p.get("mongosPlannerVersion").is_some());
    for (_, planner) in planners.iter().take(1 + usize::from(is_mongos)) {
        keep(&mut plan.details, *planner, &READ);
    }
    for (part, planner) in planners {
        rejected::of_planner(&mut plan.details, *planner, part.as_deref());
        identify(plan, *planner);
        let slots = planner.object("winningPlan").and_then(|plan| plan.object("slotBasedPlan"));
        if let Some(stages) = slots.and_then(|slots| slots.get("stages"))
            && !plan.details.contains_key("slotBasedPlan")
        {
            plan.details.insert("slotBasedPlan".to_owned(), stages.detail());
        }
    }
}

/// Keeps the totals and the trials; gives why executions were cut short.
fn execution_facts(plan: &mut Plan, statistics: &[Part<'_>]) -> Vec<String> {
    if let Some((_, first)) = statistics.first() {
        keep(&mut plan.details, *first, &READ);
    }
    for (part, told) in statistics {
        rejected::of_statistics(&mut plan.details, *told, part.as_deref());
    }
    statistics.iter().filter_map(|(_, told)| failure(*told)).collect()
}

/// Milliseconds of planning; shards plan side by side. Amazon DocumentDB tells them with the
/// statistics.
fn planning_ms(document: Item<'_>, planners: &[Part<'_>], statistics: &[Part<'_>]) -> Option<f64> {
    let of = |key: &str, item: Item<'_>| item.number_of(key);
    let planner = planners.iter().filter_map(|(_, p)| of("optimizationTimeMillis", *p));
    let slowest = planner.reduce(f64::max);
    let told = || statistics.first().and_then(|(_, s)| of("planningTimeMillis", *s));
    slowest.or_else(|| of("optimizationTimeMillis", document)).or_else(told)
}

/// Milliseconds of the statement. An aggregation tells them at its cursor; shards run side by side.
fn execution_ms(document: Item<'_>, statistics: &[Part<'_>]) -> Option<f64> {
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
            details.insert(key.into_owned(), value.detail());
        }
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

/// The plan of stages of a pipeline that stand alone, as `explain().stages` prints them.
pub(super) fn pipeline(stages: Item<'_>) -> Result<Option<Reading>, LimitError> {
    reading(Builder::pipeline(stages)?, None)
}

/// The plan of an entry of the plan cache.
pub(super) fn cached(entry: Item<'_>) -> Result<Option<Reading>, LimitError> {
    // Of the slot-based engine, the cache shows text; the trial that made the entry has the stages.
    let cached = entry
        .object("cachedPlan")
        .filter(|cached| cached.get("stage").is_some() || cached.get("queryPlan").is_some());
    let trial = || entry.array("creationExecStats")?.items().next()?.object("executionStages");
    let Some(cached) = cached.or_else(trial) else { return Ok(None) };
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
